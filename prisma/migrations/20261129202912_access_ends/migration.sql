-- AlterTable
ALTER TABLE "access_token" ADD COLUMN     "accessEpoch" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "revokedByName" TEXT;

-- AlterTable
ALTER TABLE "app_user" ADD COLUMN     "accessEpoch" INTEGER NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "session" ADD COLUMN     "accessEpoch" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "account_review" (
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "passwordHash" TEXT,

    CONSTRAINT "account_review_pkey" PRIMARY KEY ("userId")
);

-- CreateTable
CREATE TABLE "held_membership" (
    "teamId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "held_membership_pkey" PRIMARY KEY ("teamId","userId")
);

-- CreateIndex
CREATE INDEX "held_membership_userId_idx" ON "held_membership"("userId");

-- CreateIndex
CREATE INDEX "invitation_createdById_idx" ON "invitation"("createdById");

-- CreateIndex
CREATE INDEX "sign_in_delay_updatedAt_idx" ON "sign_in_delay"("updatedAt");

-- AddForeignKey
ALTER TABLE "account_review" ADD CONSTRAINT "account_review_userId_fkey" FOREIGN KEY ("userId") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "held_membership" ADD CONSTRAINT "held_membership_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "held_membership" ADD CONSTRAINT "held_membership_userId_fkey" FOREIGN KEY ("userId") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
