-- Of the partitioned table alone, which takes a moment. New partitions get an index of their own with it.
-- The present ones get theirs one by one, without a lock: prisma/migrate/index-access-tokens.ts.
CREATE INDEX "audit_event_token_idx" ON ONLY "audit_event"
  ((hashtextextended("fabricId" || ' ' || (details ->> 'accessTokenId') || ' ' || action, 0)), id COLLATE "C")
  WHERE (details ->> 'accessTokenId') IS NOT NULL;
