-- CreateTable
CREATE TABLE "trusted_issuer" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "audience" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,

    CONSTRAINT "trusted_issuer_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "trusted_issuer_issuer_idx" ON "trusted_issuer"("issuer");

-- CreateIndex
CREATE INDEX "trusted_issuer_fabricId_idx" ON "trusted_issuer"("fabricId");
