-- AlterTable
ALTER TABLE "password_rotation" ADD COLUMN "destinations" TEXT[] DEFAULT ARRAY[]::TEXT[];
-- The rotations of before went wherever the value could.
UPDATE "password_rotation" r SET "destinations" = ARRAY(
  SELECT a.destination FROM allowed_destination a
  WHERE a."secretId" = r."secretId"
    AND a.version = (SELECT max(v.version) FROM secret_version v WHERE v."secretId" = r."secretId"));
