-- CreateTable
CREATE TABLE "held_identity" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "held_identity_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "held_identity_userId_idx" ON "held_identity"("userId");

-- AddForeignKey
ALTER TABLE "held_identity" ADD CONSTRAINT "held_identity_userId_fkey" FOREIGN KEY ("userId") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
