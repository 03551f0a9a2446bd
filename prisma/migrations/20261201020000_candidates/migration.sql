-- AlterTable
ALTER TABLE "settled_version" ADD COLUMN     "madeCurrentByName" TEXT,
ADD COLUMN     "origin" INTEGER;

-- CreateTable
CREATE TABLE "secret_candidate" (
    "secretId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "fabricId" TEXT NOT NULL,
    "baseVersion" INTEGER NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL DEFAULT now() + interval '24 hours',
    "outcome" TEXT,
    "valueExpiresAt" TIMESTAMPTZ(3),
    "formerExpiresAt" TIMESTAMPTZ(3),
    "formerExpirySource" TEXT,
    "promotedVersion" INTEGER,
    "closedAt" TIMESTAMPTZ(3),
    "closedByName" TEXT,

    CONSTRAINT "secret_candidate_pkey" PRIMARY KEY ("secretId","number")
);

-- CreateTable
CREATE TABLE "candidate_check" (
    "secretId" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "connectionId" TEXT NOT NULL,
    "configHash" TEXT NOT NULL,
    "ok" BOOLEAN NOT NULL,
    "code" TEXT,
    "step" TEXT,
    "field" TEXT,
    "durationMs" INTEGER NOT NULL,
    "checkedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "candidate_check_pkey" PRIMARY KEY ("secretId","number","connectionId")
);

-- CreateIndex
CREATE INDEX "secret_candidate_outcome_expiresAt_idx" ON "secret_candidate"("outcome", "expiresAt");

-- CreateIndex
CREATE INDEX "candidate_check_connectionId_idx" ON "candidate_check"("connectionId");

-- AddForeignKey
ALTER TABLE "secret_candidate" ADD CONSTRAINT "secret_candidate_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "candidate_check" ADD CONSTRAINT "candidate_check_secretId_number_fkey" FOREIGN KEY ("secretId", "number") REFERENCES "secret_candidate"("secretId", "number") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "candidate_check" ADD CONSTRAINT "candidate_check_connectionId_fkey" FOREIGN KEY ("connectionId") REFERENCES "connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;
