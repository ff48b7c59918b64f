          (empty({customer_ids:Array(String)}) OR customer_id IN {customer_ids:Array(String)})
      AND (empty({providers:Array(String)}) OR provider IN {providers:Array(String)})
      AND (empty({models:Array(String)}) OR model IN {models:Array(String)})
      AND (empty({environments:Array(String)}) OR environment IN {environments:Array(String)})
      AND (empty({statuses:Array(String)}) OR status IN {statuses:Array(String)})
      AND ((empty({section_names:Array(String)}) AND empty({section_paths:Array(String)}))
        OR splitByChar('/', section_path)[-1] IN {section_names:Array(String)}
        OR arrayExists(
            path -> section_path = path OR startsWith(section_path, concat(path, '/')),
            {section_paths:Array(String)}))
