"use client";

import { useQuery } from "@tanstack/react-query";
import { FabricKeyTable } from "@/components/fabric-keys/fabric-key-table";
import { fabricKeysQuery } from "@/components/fabric-keys/fabric-keys-query";
import { RotateKeyButton } from "@/components/fabric-keys/rotate-key-button";
import { RotationCard } from "@/components/fabric-keys/rotation-card";
import type { FabricKeysDetail } from "@/lib/fabric-keys/schema";

/** The fabric's keys and the rotation of its key pair, for Admins. Follows a rotation while it runs. */
export function FabricKeysSection({
  fabric,
  initialData,
}: {
  fabric: { id: string; name: string };
  initialData: FabricKeysDetail;
}) {
  const { data } = useQuery(fabricKeysQuery(fabric.id, initialData));
  const { keys, rotation } = data;
  const isRotating = rotation !== null && rotation.state !== "done";
  return (
    <section aria-labelledby="keys" className="flex flex-col gap-4">
      <div className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
        <div>
          <h2 id="keys" className="font-semibold text-lg">
            Keys
          </h2>
          <p className="max-w-2xl text-pretty text-muted">
            The newest key seals every new value. Rotating it creates a new key and reseals all stored values,
            while everything keeps working.
          </p>
        </div>
        <RotateKeyButton fabric={fabric} isRotating={isRotating} />
      </div>
      {rotation && <RotationCard fabricId={fabric.id} rotation={rotation} />}
      <FabricKeyTable keys={keys} />
    </section>
  );
}
