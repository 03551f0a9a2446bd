-- CreateEnum
CREATE TYPE "role" AS ENUM ('user', 'admin');

-- CreateTable
CREATE TABLE "audit_event" (
    "id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT now(),
    "writer" TEXT NOT NULL DEFAULT current_user,
    "teamId" TEXT,
    "fabricId" TEXT,
    "actorKind" TEXT NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "objectKind" TEXT NOT NULL,
    "objectId" TEXT NOT NULL,
    "objectName" TEXT NOT NULL,
    "details" JSONB NOT NULL DEFAULT '{}',

    CONSTRAINT "audit_event_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "connection" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "properties" JSONB NOT NULL,
    "configHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedById" TEXT NOT NULL,
    "updatedByName" TEXT NOT NULL,

    CONSTRAINT "connection_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "connection_secret" (
    "connectionId" TEXT NOT NULL,
    "field" TEXT NOT NULL,
    "secretId" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,

    CONSTRAINT "connection_secret_pkey" PRIMARY KEY ("connectionId","field")
);

-- CreateTable
CREATE TABLE "connection_check" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "configHash" TEXT NOT NULL,
    "ok" BOOLEAN NOT NULL,
    "code" TEXT,
    "step" TEXT,
    "field" TEXT,
    "tookMs" INTEGER NOT NULL,
    "actorId" TEXT NOT NULL,
    "actorName" TEXT NOT NULL,
    "checkedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "connection_check_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "fabric" (
    "id" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "provider" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,

    CONSTRAINT "fabric_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "fabric_key" (
    "kid" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "publicJwk" TEXT NOT NULL,
    "signature" TEXT NOT NULL,
    "wrappedPrivate" TEXT NOT NULL,
    "wrappedKey" TEXT NOT NULL,
    "masterKeyId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "fabric_key_pkey" PRIMARY KEY ("kid")
);

-- CreateTable
CREATE TABLE "pipeline_token" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3),
    "lastUsedAt" TIMESTAMPTZ(3),
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "pipeline_token_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "used_request" (
    "jti" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "used_request_pkey" PRIMARY KEY ("jti")
);

-- CreateTable
CREATE TABLE "secret" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "subKind" TEXT NOT NULL,
    "description" TEXT NOT NULL DEFAULT '',
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updatedById" TEXT NOT NULL,
    "updatedByName" TEXT NOT NULL,
    "deletedAt" TIMESTAMPTZ(3),

    CONSTRAINT "secret_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "secret_name" (
    "fabricId" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "secretId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retiredAt" TIMESTAMPTZ(3),

    CONSTRAINT "secret_name_pkey" PRIMARY KEY ("fabricId","nameKey")
);

-- CreateTable
CREATE TABLE "secret_version" (
    "secretId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "fabricId" TEXT NOT NULL,
    "manifest" JSONB NOT NULL,
    "facts" JSONB NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,

    CONSTRAINT "secret_version_pkey" PRIMARY KEY ("secretId","version")
);

-- CreateTable
CREATE TABLE "secret_field" (
    "secretId" TEXT NOT NULL,
    "field" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "fabricId" TEXT NOT NULL,
    "kid" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,

    CONSTRAINT "secret_field_pkey" PRIMARY KEY ("secretId","field","version")
);

-- CreateTable
CREATE TABLE "allowed_destination" (
    "id" TEXT NOT NULL,
    "fabricId" TEXT NOT NULL,
    "secretId" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "destination" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,

    CONSTRAINT "allowed_destination_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "team" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "nameKey" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "team_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "membership" (
    "teamId" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "membership_pkey" PRIMARY KEY ("teamId","userId")
);

-- CreateTable
CREATE TABLE "invitation" (
    "id" TEXT NOT NULL,
    "teamId" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "emailKey" TEXT NOT NULL,
    "role" "role" NOT NULL,
    "tokenHash" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "createdById" TEXT NOT NULL,
    "createdByName" TEXT NOT NULL,
    "expiresAt" TIMESTAMPTZ(3) NOT NULL,
    "usedAt" TIMESTAMPTZ(3),

    CONSTRAINT "invitation_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "app_user" (
    "id" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "emailKey" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "passwordHash" TEXT,
    "lockedAt" TIMESTAMPTZ(3),
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "app_user_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "identity" (
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "identity_pkey" PRIMARY KEY ("issuer","subject")
);

-- CreateTable
CREATE TABLE "session" (
    "id" TEXT NOT NULL,
    "userId" TEXT NOT NULL,
    "createdAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "authenticatedAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lastSeenAt" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revokedAt" TIMESTAMPTZ(3),

    CONSTRAINT "session_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sign_in_delay" (
    "key" TEXT NOT NULL,
    "failures" INTEGER NOT NULL,
    "nextTryAt" TIMESTAMPTZ(3) NOT NULL,
    "updatedAt" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_delay_pkey" PRIMARY KEY ("key")
);

-- CreateIndex
CREATE INDEX "audit_event_fabricId_id_idx" ON "audit_event"("fabricId", "id");

-- CreateIndex
CREATE INDEX "audit_event_fabricId_objectId_id_idx" ON "audit_event"("fabricId", "objectId", "id");

-- CreateIndex
CREATE INDEX "audit_event_teamId_id_idx" ON "audit_event"("teamId", "id");

-- CreateIndex
CREATE UNIQUE INDEX "connection_fabricId_nameKey_key" ON "connection"("fabricId", "nameKey");

-- CreateIndex
CREATE INDEX "connection_secret_secretId_idx" ON "connection_secret"("secretId");

-- CreateIndex
CREATE INDEX "connection_check_fabricId_configHash_checkedAt_idx" ON "connection_check"("fabricId", "configHash", "checkedAt");

-- CreateIndex
CREATE UNIQUE INDEX "fabric_teamId_nameKey_key" ON "fabric"("teamId", "nameKey");

-- CreateIndex
CREATE INDEX "fabric_key_fabricId_idx" ON "fabric_key"("fabricId");

-- CreateIndex
CREATE UNIQUE INDEX "pipeline_token_tokenHash_key" ON "pipeline_token"("tokenHash");

-- CreateIndex
CREATE INDEX "pipeline_token_fabricId_idx" ON "pipeline_token"("fabricId");

-- CreateIndex
CREATE INDEX "used_request_expiresAt_idx" ON "used_request"("expiresAt");

-- CreateIndex
CREATE INDEX "secret_fabricId_nameKey_id_idx" ON "secret"("fabricId", "nameKey", "id");

-- CreateIndex
CREATE INDEX "secret_fabricId_createdAt_id_idx" ON "secret"("fabricId", "createdAt", "id");

-- CreateIndex
CREATE INDEX "secret_fabricId_updatedAt_id_idx" ON "secret"("fabricId", "updatedAt", "id");

-- CreateIndex
CREATE INDEX "secret_fabricId_subKind_nameKey_id_idx" ON "secret"("fabricId", "subKind", "nameKey", "id");

-- CreateIndex
CREATE INDEX "secret_name_secretId_idx" ON "secret_name"("secretId");

-- CreateIndex
CREATE INDEX "secret_field_kid_idx" ON "secret_field"("kid");

-- CreateIndex
CREATE UNIQUE INDEX "allowed_destination_secretId_version_destination_key" ON "allowed_destination"("secretId", "version", "destination");

-- CreateIndex
CREATE UNIQUE INDEX "team_nameKey_key" ON "team"("nameKey");

-- CreateIndex
CREATE INDEX "membership_userId_idx" ON "membership"("userId");

-- CreateIndex
CREATE UNIQUE INDEX "invitation_tokenHash_key" ON "invitation"("tokenHash");

-- CreateIndex
CREATE INDEX "invitation_teamId_idx" ON "invitation"("teamId");

-- CreateIndex
CREATE INDEX "invitation_emailKey_idx" ON "invitation"("emailKey");

-- CreateIndex
CREATE UNIQUE INDEX "app_user_emailKey_key" ON "app_user"("emailKey");

-- CreateIndex
CREATE INDEX "identity_userId_idx" ON "identity"("userId");

-- CreateIndex
CREATE INDEX "session_userId_idx" ON "session"("userId");

-- AddForeignKey
ALTER TABLE "connection" ADD CONSTRAINT "connection_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "connection_secret" ADD CONSTRAINT "connection_secret_connectionId_fkey" FOREIGN KEY ("connectionId") REFERENCES "connection"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "connection_secret" ADD CONSTRAINT "connection_secret_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "fabric" ADD CONSTRAINT "fabric_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret" ADD CONSTRAINT "secret_fabricId_fkey" FOREIGN KEY ("fabricId") REFERENCES "fabric"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_name" ADD CONSTRAINT "secret_name_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_version" ADD CONSTRAINT "secret_version_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "secret_field" ADD CONSTRAINT "secret_field_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "allowed_destination" ADD CONSTRAINT "allowed_destination_secretId_fkey" FOREIGN KEY ("secretId") REFERENCES "secret"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "membership" ADD CONSTRAINT "membership_userId_fkey" FOREIGN KEY ("userId") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "invitation" ADD CONSTRAINT "invitation_teamId_fkey" FOREIGN KEY ("teamId") REFERENCES "team"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "identity" ADD CONSTRAINT "identity_userId_fkey" FOREIGN KEY ("userId") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "session" ADD CONSTRAINT "session_userId_fkey" FOREIGN KEY ("userId") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;
