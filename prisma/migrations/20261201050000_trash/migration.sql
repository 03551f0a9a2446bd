-- CreateTable
CREATE TABLE "trashed_secret" (
    "secretId" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "deletedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "deletedById" TEXT NOT NULL,
    "deletedByName" TEXT NOT NULL,

    CONSTRAINT "trashed_secret_pkey" PRIMARY KEY ("secretId")
);

-- CreateTable
CREATE TABLE "trashed_connection" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "properties" JSONB NOT NULL,
    "configHash" TEXT NOT NULL,
    "isWarehouse" BOOLEAN NOT NULL DEFAULT false,
    "placedAt" TIMESTAMPTZ(3) NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,
    "deletedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),
    "deletedById" TEXT NOT NULL,
    "deletedByName" TEXT NOT NULL,

    CONSTRAINT "trashed_connection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "trashed_connection_secret" (
    "connectionId" TEXT NOT NULL,
    "field" TEXT NOT NULL,
    "secretId" TEXT NOT NULL,

    CONSTRAINT "trashed_connection_secret_pkey" PRIMARY KEY ("connectionId","field")
);

-- CreateIndex
CREATE INDEX "trashed_secret_fabricId_deletedAt_secretId_idx" ON "trashed_secret"("fabricId", "deletedAt", "secretId");

-- CreateIndex
CREATE INDEX "trashed_connection_fabricId_deletedAt_id_idx" ON "trashed_connection"("fabricId", "deletedAt", "id");

-- CreateIndex
CREATE INDEX "trashed_connection_secret_secretId_idx" ON "trashed_connection_secret"("secretId");

-- AddForeignKey
ALTER TABLE "trashed_secret" ADD CONSTRAINT "trashed_secret_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trashed_connection" ADD CONSTRAINT "trashed_connection_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trashed_connection_secret" ADD CONSTRAINT "trashed_connection_secret_connectionId_fkey" FOREIGN KEY ("connectionId") REFERENCES "trashed_connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "trashed_connection_secret" ADD CONSTRAINT "trashed_connection_secret_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE RESTRICT ON UPDATE CASCADE;
