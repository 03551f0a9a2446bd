-- CreateTable
CREATE TABLE "check_lease" (
    "key" TEXT NOT NULL,
    "holder" TEXT NOT NULL,
    "leasedUntil" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "check_lease_pkey" PRIMARY KEY ("key")
);
