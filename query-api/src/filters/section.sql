(splitByChar('/', section_path)[-1] IN {section_names:Array(String)}
        OR arrayExists(
            path -> section_path = path OR startsWith(section_path, concat(path, '/')),
            {section_paths:Array(String)}))
