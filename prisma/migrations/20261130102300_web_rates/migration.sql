-- CreateTable
CREATE TABLE "web_rate_window" (
    "actor" TEXT NOT NULL,
    "minute" TIMESTAMPTZ(3) NOT NULL,
    "leased" INTEGER NOT NULL,

    CONSTRAINT "web_rate_window_pkey" PRIMARY KEY ("actor","minute")
);

-- CreateIndex
CREATE INDEX "web_rate_window_minute_idx" ON "web_rate_window"("minute");
