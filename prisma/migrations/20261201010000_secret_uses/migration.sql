-- AlterTable
ALTER TABLE "secret" ADD COLUMN     "isReplaced" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "secret_reader" ADD COLUMN     "connectionId" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "firstReadAt" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "failing_check" (
    "fabricId" TEXT NOT NULL,
    "configHash" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "actorId" TEXT NOT NULL,
    "checkedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "versions" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "failing_check_pkey" PRIMARY KEY ("fabricId","configHash")
);

-- CreateTable
CREATE TABLE "secret_use" (
    "secretId" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "isUsed" BOOLEAN NOT NULL DEFAULT false,
    "idleSince" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "secret_use_pkey" PRIMARY KEY ("secretId")
);

-- CreateTable
CREATE TABLE "secret_read_day" (
    "secretId" TEXT NOT NULL,
    "day" DATE NOT NULL,
    "reads" BIGINT NOT NULL,

    CONSTRAINT "secret_read_day_pkey" PRIMARY KEY ("secretId","day")
);

-- CreateIndex
CREATE INDEX "secret_use_fabricId_isUsed_idleSince_secretId_idx" ON "secret_use"("fabricId", "isUsed", "idleSince", "secretId");

-- AddForeignKey
ALTER TABLE "secret_use" ADD CONSTRAINT "secret_use_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_read_day" ADD CONSTRAINT "secret_read_day_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;
