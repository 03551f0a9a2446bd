-- AlterTable
ALTER TABLE "pipeline_token" ADD COLUMN     "ownerId" TEXT,
ADD COLUMN     "ownerSince" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "secret" ADD COLUMN     "expiresAt" TIMESTAMPTZ(3) NOT NULL DEFAULT '9999-12-31 00:00:00 +00:00',
ADD COLUMN     "expirySource" TEXT NOT NULL DEFAULT '',
ADD COLUMN     "ownerId" TEXT,
ADD COLUMN     "ownerSince" TIMESTAMPTZ(3);

-- The certificates that are stored already
UPDATE "secret" s SET "expiresAt" = v.at, "expirySource" = 'certificate'
FROM (
  SELECT DISTINCT ON ("secretId") "secretId", (facts -> 'certificate' ->> 'expiresAt')::timestamptz AS at
  FROM "secret_version" ORDER BY "secretId", version DESC
) v
WHERE v."secretId" = s.id AND v.at < '9999-12-31';
