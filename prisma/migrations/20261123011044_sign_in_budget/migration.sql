-- CreateTable
CREATE TABLE "sign_in_attempt" (
    "id" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "secretIds" TEXT[],
    "place" TEXT NOT NULL,
    "startedAt" TIMESTAMPTZ(3) NOT NULL,
    "refusedAt" TIMESTAMPTZ(3),

    CONSTRAINT "sign_in_attempt_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "sign_in_attempt_key_idx" ON "sign_in_attempt"("key");

-- CreateIndex
CREATE INDEX "sign_in_attempt_fabricId_idx" ON "sign_in_attempt"("fabricId");
