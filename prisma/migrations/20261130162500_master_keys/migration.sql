-- CreateTable
CREATE TABLE "master_key" (
    "fingerprint" TEXT NOT NULL,
    "label" TEXT NOT NULL,
    "provider" TEXT NOT NULL,
    "keyName" TEXT NOT NULL,
    "teamId" TEXT,
    "isPrimary" BOOLEAN NOT NULL,
    "state" TEXT NOT NULL,
    "stateSince" TIMESTAMPTZ(3) NOT NULL,
    "seenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "master_key_pkey" PRIMARY KEY ("fingerprint")
);

-- CreateTable
CREATE TABLE "fabric_master_key" (
    "fabricId" TEXT NOT NULL,
    "masterKeyId" TEXT NOT NULL,
    "chosenById" TEXT NOT NULL,
    "chosenByName" TEXT NOT NULL,
    "chosenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "fabric_master_key_pkey" PRIMARY KEY ("fabricId")
);

-- AddForeignKey
ALTER TABLE "fabric_master_key" ADD CONSTRAINT "fabric_master_key_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;
