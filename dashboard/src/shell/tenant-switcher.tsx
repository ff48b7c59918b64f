import * as Popover from "@radix-ui/react-popover";
import { useState } from "react";
import { useTenants } from "../api/tenants";
import { useView } from "../filters/use-view";
import { Picker } from "../parts/picker";
import { Icon } from "../parts/icons";
import { useSession } from "../session/session";

/** Whose data the pages show; to be chosen by who may see all of it. */
export function TenantSwitcher() {
  const { identity, seesAll } = useSession();
  const { view } = useView();
  if (!seesAll) {
    return <span className="row" style={{ fontWeight: 550 }}><span className="truncate">{view.tenant ?? identity.tenant_id}</span></span>;
  }
  return <Switcher />;
}

function Switcher() {
  const { view, change } = useView();
  const { may } = useSession();
  const [open, setOpen] = useState(false);
  const tenants = useTenants(open);
  const choose = (tenant: string | null) => {
    change({ tenant, filters: {} });
    setOpen(false);
  };
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button type="button" className="button quiet" aria-label={`Tenant: ${view.tenant ?? "all tenants"}`} style={{ minWidth: 0 }}>
          <span className="truncate" style={{ color: "var(--text)", maxWidth: 220 }}>{view.tenant ?? "All tenants"}</span>
          <Icon name="expand" size={14} />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover facet" align="start" sideOffset={4} collisionPadding={12}>
          {may("admin") && (
            <button type="button" className="menu-item" aria-current={view.tenant === null} onClick={() => choose(null)}>All tenants</button>
          )}
          <Picker
            label="Find a tenant" options={tenants.map((tenant) => ({ value: tenant }))}
            chosen={view.tenant === null ? [] : [view.tenant]} single
            onChange={([tenant]) => tenant !== undefined && choose(tenant)}
          />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
