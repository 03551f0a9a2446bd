import { Banner } from "@/components/ui/banner";
import { Link } from "@/components/ui/link";

/**
 * On a connection's page: the pipeline tokens and issuers that cannot use it until an Admin confirms its
 * secrets.
 */
export function UnconfirmedBanner({ fabricId, names }: { fabricId: string; names: readonly string[] }) {
  if (names.length === 0) return null;
  return (
    <Banner
      tone="warning"
      title="Some pipelines can’t use this connection until an Admin confirms its secrets"
    >
      <p>
        These tokens and issuers were confirmed for other secrets. An Admin can confirm the change in
        Advanced:
      </p>
      <ul>
        {names.map((name) => (
          <li key={name}>
            <Link
              href={`/metadata/fabrics/${fabricId}/advanced`}
              className="wrap-anywhere font-medium text-accent-text hover:underline"
            >
              {name}
            </Link>
          </li>
        ))}
      </ul>
    </Banner>
  );
}
