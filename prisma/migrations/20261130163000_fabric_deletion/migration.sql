-- AlterTable
ALTER TABLE "fabric" ADD COLUMN     "accessEpoch" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "fabric_deletion" (
    "fabricId" TEXT NOT NULL,
    "requestedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "requestedById" TEXT NOT NULL,
    "requestedByName" TEXT NOT NULL,
    "destroyAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "fabric_deletion_pkey" PRIMARY KEY ("fabricId")
);

-- AddForeignKey
ALTER TABLE "fabric_deletion" ADD CONSTRAINT "fabric_deletion_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;
