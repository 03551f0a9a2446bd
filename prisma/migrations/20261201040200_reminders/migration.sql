-- CreateTable
CREATE TABLE "reminder" (
    "id" TEXT NOT NULL,
    "topic" TEXT NOT NULL,
    "objectId" TEXT NOT NULL,
    "fabricId" TEXT,
    "occasion" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "reminder_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reminder_pass" (
    "day" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "reminders" INTEGER NOT NULL,

    CONSTRAINT "reminder_pass_pkey" PRIMARY KEY ("day")
);

-- CreateTable
CREATE TABLE "outgoing_message" (
    "id" TEXT NOT NULL,
    "channel" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "userId" TEXT NOT NULL DEFAULT '',
    "reminderIds" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "nextTryAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "leasedUntil" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "outcome" TEXT,
    "endedAt" TIMESTAMPTZ(3),
    "lastError" TEXT NOT NULL DEFAULT '',

    CONSTRAINT "outgoing_message_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "reminder_channel" (
    "channel" TEXT NOT NULL,
    "seenAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "reminder_channel_pkey" PRIMARY KEY ("channel")
);

-- CreateTable
CREATE TABLE "snooze" (
    "topic" TEXT NOT NULL,
    "objectId" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "until" TIMESTAMPTZ(3) NOT NULL,
    "reason" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "byId" TEXT NOT NULL,
    "byName" TEXT NOT NULL,

    CONSTRAINT "snooze_pkey" PRIMARY KEY ("topic","objectId")
);

-- CreateTable
CREATE TABLE "verified_address" (
    "userId" TEXT NOT NULL,
    "emailKey" TEXT NOT NULL,
    "method" TEXT NOT NULL,
    "verifiedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "verified_address_pkey" PRIMARY KEY ("userId")
);

-- CreateTable
CREATE TABLE "address_code" (
    "userId" TEXT NOT NULL,
    "emailKey" TEXT NOT NULL,
    "code" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "queuedAt" TIMESTAMPTZ(3),

    CONSTRAINT "address_code_pkey" PRIMARY KEY ("userId")
);

-- CreateIndex
CREATE INDEX "reminder_fabricId_idx" ON "reminder"("fabricId");

-- CreateIndex
CREATE INDEX "reminder_createdAt_idx" ON "reminder"("createdAt");

-- CreateIndex
CREATE UNIQUE INDEX "reminder_topic_objectId_occasion_key" ON "reminder"("topic", "objectId", "occasion");

-- CreateIndex
CREATE INDEX "outgoing_message_outcome_nextTryAt_idx" ON "outgoing_message"("outcome", "nextTryAt");

-- CreateIndex
CREATE INDEX "outgoing_message_userId_idx" ON "outgoing_message"("userId");

-- CreateIndex
CREATE INDEX "snooze_fabricId_idx" ON "snooze"("fabricId");

-- AddForeignKey
ALTER TABLE "reminder" ADD CONSTRAINT "reminder_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "snooze" ADD CONSTRAINT "snooze_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "verified_address" ADD CONSTRAINT "verified_address_userId_fkey" FOREIGN KEY ("userId") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "address_code" ADD CONSTRAINT "address_code_userId_fkey" FOREIGN KEY ("userId") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- An identity was linked to an account only by the verified address of both.
INSERT INTO "verified_address" ("userId", "emailKey", method)
SELECT u.id, u."emailKey", 'identity' FROM "app_user" u
WHERE EXISTS (SELECT FROM "identity" i WHERE i."userId" = u.id)
  AND NOT EXISTS (SELECT FROM "account_review" r WHERE r."userId" = u.id);
