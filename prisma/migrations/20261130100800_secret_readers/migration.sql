-- CreateTable
CREATE TABLE "secret_reader" (
    "secretId" TEXT NOT NULL,
    "readerId" TEXT NOT NULL,
    "readerName" TEXT NOT NULL,
    "connection" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "lastVersion" INTEGER NOT NULL,
    "lastReadAt" TIMESTAMPTZ(3) NOT NULL,
    "reads" BIGINT NOT NULL,

    CONSTRAINT "secret_reader_pkey" PRIMARY KEY ("secretId","readerId","readerName","connection","name")
);

-- AddForeignKey
ALTER TABLE "secret_reader" ADD CONSTRAINT "secret_reader_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;
