-- CreateTable
CREATE TABLE "backup" (
    "id" TEXT NOT NULL,
    "takenAt" TIMESTAMPTZ(3) NOT NULL,
    "manifest" TEXT NOT NULL,
    "bytes" BIGINT NOT NULL,
    "signedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "backup_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "drill" (
    "id" TEXT NOT NULL,
    "backupId" TEXT NOT NULL,
    "backupTakenAt" TIMESTAMPTZ(3) NOT NULL,
    "manifest" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "endedAt" TIMESTAMPTZ(3),
    "opened" INTEGER NOT NULL DEFAULT 0,
    "unopened" INTEGER NOT NULL DEFAULT 0,
    "fabricIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "keys" JSONB NOT NULL DEFAULT '{}',
    "passed" BOOLEAN,
    "receipt" TEXT,

    CONSTRAINT "drill_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "drill_endedAt_idx" ON "drill"("endedAt");
