import * as Popover from "@radix-ui/react-popover";
import { useState } from "react";
import { Icon } from "../parts/icons";
import { Picker } from "../parts/picker";
import { useFacetOptions } from "./facet-options";
import { useView } from "./use-view";
import { countFilters, FACET_LABELS, FACETS, type Facet, withValue } from "./view";

/** The filters that every page has. */
export function FilterBar({ without }: { without: Facet[] }) {
  const { view, change } = useView();
  return (
    <div className="filters" role="group" aria-label="Filters">
      {FACETS.filter((facet) => !without.includes(facet)).map((facet) => <FacetButton key={facet} facet={facet} />)}
      {countFilters(view.filters) > 0 && (
        <button type="button" className="button small quiet" onClick={() => change({ filters: {} })}>
          <Icon name="close" size={13} /> Clear
        </button>
      )}
    </div>
  );
}

function FacetButton({ facet }: { facet: Facet }) {
  const { view, change } = useView();
  const [open, setOpen] = useState(false);
  const chosen = view.filters[facet] ?? [];
  const label = FACET_LABELS[facet];
  return (
    <Popover.Root open={open} onOpenChange={setOpen}>
      <Popover.Trigger asChild>
        <button type="button" className={`button small ${chosen.length > 0 ? "set" : ""}`}>
          <span className="truncate">{label}{chosen.length > 0 && `: ${chosen[0]}`}</span>
          {chosen.length > 1 && <span>+{chosen.length - 1}</span>}
          <Icon name="expand" size={13} />
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content className="popover facet" align="start" sideOffset={4} collisionPadding={12} aria-label={label}>
          <Options facet={facet} chosen={chosen} onChange={(values) => change({ filters: withValue(view.filters, facet, values) })} />
          {chosen.length > 0 && (
            <button type="button" className="menu-item" onClick={() => change({ filters: withValue(view.filters, facet, []) })}>
              <Icon name="close" size={13} /> Any {label.toLowerCase()}
            </button>
          )}
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Options({ facet, chosen, onChange }: { facet: Facet; chosen: string[]; onChange(values: string[]): void }) {
  const options = useFacetOptions(facet);
  return <Picker label={`Find a ${FACET_LABELS[facet].toLowerCase()}`} options={options} chosen={chosen} onChange={onChange} free={facet !== "status"} />;
}
