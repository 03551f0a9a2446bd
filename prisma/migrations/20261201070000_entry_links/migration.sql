-- CreateTable
CREATE TABLE "entry_link" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "note" TEXT NOT NULL DEFAULT '',
    "tokenHash" TEXT NOT NULL,
    "secretId" TEXT,
    "secretName" TEXT NOT NULL,
    "subKind" TEXT NOT NULL,
    "destinations" TEXT[],
    "isByAdmin" BOOLEAN NOT NULL DEFAULT false,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,
    "createdEpoch" INTEGER NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "revokedAt" TIMESTAMPTZ(3),
    "revokedByName" TEXT,

    CONSTRAINT "entry_link_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "entry_link_use" (
    "linkId" TEXT NOT NULL,
    "secretId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "usedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT clock_timestamp(),

    CONSTRAINT "entry_link_use_pkey" PRIMARY KEY ("linkId")
);

-- CreateIndex
CREATE UNIQUE INDEX "entry_link_tokenHash_key" ON "entry_link"("tokenHash");

-- CreateIndex
CREATE INDEX "entry_link_fabricId_createdAt_idx" ON "entry_link"("fabricId", "createdAt");

-- AddForeignKey
ALTER TABLE "entry_link" ADD CONSTRAINT "entry_link_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "entry_link_use" ADD CONSTRAINT "entry_link_use_linkId_fkey" FOREIGN KEY ("linkId") REFERENCES "entry_link"("id") ON DELETE CASCADE ON UPDATE CASCADE;
