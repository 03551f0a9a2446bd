-- AlterTable
ALTER TABLE "fabric_key" ADD COLUMN     "createdById" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "createdByName" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "emptySince" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "key_rotation" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "fabricId" TEXT,
    "target" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'running',
    "done" INTEGER NOT NULL DEFAULT 0,
    "total" INTEGER NOT NULL,
    "unopened" INTEGER NOT NULL DEFAULT 0,
    "startedById" TEXT NOT NULL,
    "startedByName" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),
    "runningMs" INTEGER NOT NULL DEFAULT 0,
    "lastError" TEXT NOT NULL DEFAULT '',
    "holder" TEXT NOT NULL DEFAULT '',
    "leasedUntil" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "key_rotation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "unopened_value" (
    "secretId" TEXT NOT NULL,
    "field" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "rotationId" TEXT NOT NULL,

    CONSTRAINT "unopened_value_pkey" PRIMARY KEY ("secretId","field","version","rotationId")
);

-- CreateIndex
CREATE INDEX "key_rotation_fabricId_startedAt_idx" ON "key_rotation"("fabricId", "startedAt");

-- CreateIndex
CREATE INDEX "key_rotation_state_idx" ON "key_rotation"("state");

-- CreateIndex
CREATE INDEX "unopened_value_rotationId_idx" ON "unopened_value"("rotationId");

-- AddForeignKey
ALTER TABLE "key_rotation" ADD CONSTRAINT "key_rotation_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "unopened_value" ADD CONSTRAINT "unopened_value_rotationId_fkey" FOREIGN KEY ("rotationId") REFERENCES "key_rotation"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "unopened_value" ADD CONSTRAINT "unopened_value_secretId_field_version_fkey" FOREIGN KEY ("secretId", "field", "version") REFERENCES "secret_field"("secretId", "field", "version") ON DELETE CASCADE ON UPDATE CASCADE;
