-- AlterTable
ALTER TABLE "connection" ADD COLUMN     "warehouseOf" TEXT;

-- CreateIndex
CREATE UNIQUE INDEX "connection_warehouseOf_key" ON "connection"("warehouseOf");
