-- AlterTable
ALTER TABLE "pipeline_token" ADD COLUMN     "pins" JSONB NOT NULL DEFAULT '{}';

-- AlterTable
ALTER TABLE "trusted_issuer" ADD COLUMN     "pins" JSONB NOT NULL DEFAULT '{}';

-- Limits that exist are pinned to what their connections reference now, so that no pipeline stops.
UPDATE "pipeline_token" l SET "pins" = (
  SELECT coalesce(jsonb_object_agg(c.id, (
    SELECT coalesce(jsonb_agg(DISTINCT r."secretId"), '[]') FROM "connection_secret" r WHERE r."connectionId" = c.id
  )), '{}') FROM "connection" c WHERE c.id = ANY(l."connectionIds") AND c."fabricId" = l."fabricId"
) WHERE l."connectionIds" <> '{}';

UPDATE "trusted_issuer" l SET "pins" = (
  SELECT coalesce(jsonb_object_agg(c.id, (
    SELECT coalesce(jsonb_agg(DISTINCT r."secretId"), '[]') FROM "connection_secret" r WHERE r."connectionId" = c.id
  )), '{}') FROM "connection" c WHERE c.id = ANY(l."connectionIds") AND c."fabricId" = l."fabricId"
) WHERE l."connectionIds" <> '{}';
