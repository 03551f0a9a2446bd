-- AlterTable
ALTER TABLE "allowed_destination" ADD COLUMN     "toReview" TEXT;

-- AlterTable
-- Of connections that exist it is the time of the upgrade: before it no pipeline waited, and no row has to be written.
ALTER TABLE "connection" ADD COLUMN     "placedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP;

-- AlterTable
ALTER TABLE "secret_version" ADD COLUMN     "keeps" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateTable
CREATE TABLE "data_step" (
    "name" TEXT NOT NULL,
    "appliedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "data_step_pkey" PRIMARY KEY ("name")
);

-- CreateTable
CREATE TABLE "settled_version" (
    "secretId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "fabricId" TEXT NOT NULL,

    CONSTRAINT "settled_version_pkey" PRIMARY KEY ("secretId","version")
);

-- CreateIndex
CREATE INDEX "allowed_destination_fabricId_toReview_idx" ON "allowed_destination"("fabricId", "toReview");

-- AddForeignKey
ALTER TABLE "settled_version" ADD CONSTRAINT "settled_version_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;
