-- CreateTable
CREATE TABLE "destination_request" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "secretId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "destinations" TEXT[],
    "connectionName" TEXT NOT NULL,
    "configHash" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "askedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "askedById" TEXT NOT NULL,
    "askedByName" TEXT NOT NULL,
    "decision" TEXT,
    "decidedAt" TIMESTAMPTZ(3),
    "decidedByName" TEXT,

    CONSTRAINT "destination_request_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "destination_rule" (
    "fabricId" TEXT NOT NULL,
    "rule" TEXT NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedByName" TEXT NOT NULL,

    CONSTRAINT "destination_rule_pkey" PRIMARY KEY ("fabricId")
);

-- CreateIndex
CREATE INDEX "destination_request_secretId_version_idx" ON "destination_request"("secretId", "version");

-- CreateIndex
CREATE INDEX "destination_request_fabricId_configHash_idx" ON "destination_request"("fabricId", "configHash");

-- AddForeignKey
ALTER TABLE "destination_request" ADD CONSTRAINT "destination_request_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "destination_rule" ADD CONSTRAINT "destination_rule_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;
