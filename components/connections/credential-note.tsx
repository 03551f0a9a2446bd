import { ExternalLink, KeyRound } from "lucide-react";

/** The permissions that the connection's login needs, and a link to where it is created. */
export function CredentialNote({
  name,
  rights,
  credentialPage,
}: {
  name: string;
  rights: string;
  credentialPage: string;
}) {
  return (
    <div className="flex gap-3 rounded-lg bg-sunken px-3.5 py-3 text-sm">
      <KeyRound aria-hidden className="mt-0.5 size-4 shrink-0 text-muted" />
      <div className="min-w-0">
        <p>
          <span className="font-medium">Permissions this login needs: </span>
          <span className="text-muted">{rights}</span>
        </p>
        <a
          href={credentialPage}
          target="_blank"
          rel="noreferrer"
          className="mt-1 inline-flex items-center gap-1 rounded-sm text-accent-text hover:underline"
        >
          How to create a credential for {name}
          <ExternalLink aria-hidden className="size-3.5" />
          <span className="sr-only">(opens another site in a new tab)</span>
        </a>
      </div>
    </div>
  );
}
