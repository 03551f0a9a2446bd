import { Banner } from "@/components/ui/banner";
import { RelativeTime } from "@/components/ui/relative-time";
import type { MasterKeyState, MasterKeyStatus } from "@/lib/master-keys/schema";

const texts: Record<
  Exclude<MasterKeyState, "enabled">,
  { title: (key: string) => string; advice: string }
> = {
  unavailable: {
    title: (key) => `The key service of ${key} does not answer`,
    advice: "If this lasts, tell an operator of Selvage.",
  },
  disabled: {
    title: (key) => `${key} is disabled`,
    advice: "The person who manages the key must enable it in its key service.",
  },
  denied: {
    title: (key) => `Automate may not use ${key}`,
    advice: "The person who manages the key must let Automate use it in its key service.",
  },
  missing: {
    title: (key) => `${key} is missing`,
    advice: "An operator of Selvage, or the person who manages the key, must restore it.",
  },
};

/** Tells members, on every page of a fabric, that its secrets cannot be read because of a master key. */
export function MasterKeyBanners({ keys }: { keys: readonly MasterKeyStatus[] }) {
  if (keys.length === 0) return null;
  return (
    <section aria-label="Master key" className="mb-5 flex flex-col gap-3">
      {keys.map(({ fingerprint, label, state, since }) => {
        if (state === "enabled") return null;
        const name = label ? `master key “${label}”` : `master key ${fingerprint}`;
        const { title, advice } = texts[state];
        return (
          <Banner
            key={fingerprint}
            tone="danger"
            title={<span className="inline-block first-letter:uppercase">{title(name)}</span>}
          >
            <p>
              Within five minutes, pipelines and checks can no longer read this fabric’s secrets. Nothing is
              lost, and new values can still be saved. {advice}
              {since && (
                <>
                  {" "}
                  It began <RelativeTime date={since} />.
                </>
              )}
            </p>
          </Banner>
        );
      })}
    </section>
  );
}
