       (empty({customer_ids:Array(String)})
        OR hasAny(groupUniqArrayArray(customer_ids), {customer_ids:Array(String)}))
   AND (empty({providers:Array(String)})
        OR hasAny(groupUniqArrayArray(providers), {providers:Array(String)}))
   AND (empty({models:Array(String)})
        OR hasAny(groupUniqArrayArray(models), {models:Array(String)}))
   AND (empty({environments:Array(String)})
        OR hasAny(groupUniqArrayArray(environments), {environments:Array(String)}))
   AND (empty({statuses:Array(String)})
        OR hasAny(groupUniqArrayArray(statuses), {statuses:Array(String)}))
   AND ((empty({section_names:Array(String)}) AND empty({section_paths:Array(String)}))
        OR arrayExists(
            section -> splitByChar('/', section)[-1] IN {section_names:Array(String)}
                OR arrayExists(
                    path -> section = path OR startsWith(section, concat(path, '/')),
                    {section_paths:Array(String)}),
            mapKeys(sumMap(section_costs))))
