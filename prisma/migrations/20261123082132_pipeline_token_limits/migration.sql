-- AlterTable
ALTER TABLE "pipeline_token" ADD COLUMN     "cidrs" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "connectionIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
ADD COLUMN     "secretIds" TEXT[] DEFAULT ARRAY[]::TEXT[];

-- CreateTable
CREATE TABLE "rate_window" (
    "actor" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "leased" INTEGER NOT NULL,

    CONSTRAINT "rate_window_pkey" PRIMARY KEY ("actor","minute")
);

-- CreateIndex
CREATE INDEX "rate_window_minute_idx" ON "rate_window"("minute");
