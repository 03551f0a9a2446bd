-- CreateTable
CREATE TABLE "password_rotation" (
    "secretId" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "connectionId" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "administratorId" TEXT,
    "users" TEXT[],
    "length" INTEGER NOT NULL,
    "alphabet" TEXT NOT NULL,
    "everyDays" INTEGER,
    "windowStart" INTEGER,
    "windowMinutes" INTEGER,
    "overlapMinutes" INTEGER NOT NULL DEFAULT 0,
    "dueAt" TIMESTAMPTZ(3),
    "failures" INTEGER NOT NULL DEFAULT 0,
    "problem" TEXT,
    "setAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "setById" TEXT NOT NULL,
    "setByName" TEXT NOT NULL,

    CONSTRAINT "password_rotation_pkey" PRIMARY KEY ("secretId")
);

-- CreateTable
CREATE TABLE "password_run" (
    "id" TEXT NOT NULL,
    "secretId" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'setting',
    "serverHas" TEXT NOT NULL DEFAULT 'unknown',
    "candidate" INTEGER NOT NULL,
    "user" TEXT NOT NULL DEFAULT '',
    "version" INTEGER,
    "code" TEXT,
    "refusedBy" TEXT[],
    "startedById" TEXT NOT NULL,
    "startedByName" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "wasSetAt" TIMESTAMPTZ(3),
    "promotedAt" TIMESTAMPTZ(3),
    "endedAt" TIMESTAMPTZ(3),
    "holder" TEXT NOT NULL DEFAULT '',
    "leasedUntil" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "password_run_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "password_rotation_dueAt_idx" ON "password_rotation"("dueAt");

-- CreateIndex
CREATE INDEX "password_rotation_connectionId_idx" ON "password_rotation"("connectionId");

-- CreateIndex
CREATE INDEX "password_run_secretId_startedAt_idx" ON "password_run"("secretId", "startedAt");

-- A secret has one run at a time. Prisma's schema cannot express a partial index.
CREATE UNIQUE INDEX "password_run_of_secret" ON "password_run"("secretId") WHERE "endedAt" IS NULL;

-- AddForeignKey
ALTER TABLE "password_rotation" ADD CONSTRAINT "password_rotation_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "password_run" ADD CONSTRAINT "password_run_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;
