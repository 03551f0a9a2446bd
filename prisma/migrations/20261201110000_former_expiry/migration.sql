-- AlterTable
ALTER TABLE "secret_version" ADD COLUMN "formerExpiresAt" TIMESTAMPTZ(3),
ADD COLUMN "formerExpirySource" TEXT;
-- Promotions of before noted it with the candidate.
UPDATE "secret_version" v SET "formerExpiresAt" = c."formerExpiresAt", "formerExpirySource" = c."formerExpirySource"
FROM "secret_candidate" c
WHERE c."secretId" = v."secretId" AND c."promotedVersion" = v.version AND c."formerExpiresAt" IS NOT NULL;
