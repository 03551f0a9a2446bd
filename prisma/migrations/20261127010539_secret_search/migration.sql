-- Both are trusted: the owner of the database may create them, or an administrator did before.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

-- CreateIndex
CREATE INDEX "secret_search_idx" ON "secret" USING GIN ("fabricId" text_ops, "nameKey" gin_trgm_ops, "description" gin_trgm_ops);
