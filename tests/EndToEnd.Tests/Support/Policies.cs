namespace Sallyport.EndToEnd.Tests.Support;

/// <summary>Policies that several tests share.</summary>
public static class Policies
{
    /// <summary>Whatever it is, understood or not.</summary>
    public const string AllowAll = """
        policy: everything
        rules:
          - {id: all, effect: allow, verbs: all, unparsed: true, truncated: true}

        """;

    /// <summary>Reading and writing, with the guard rails that refusals are tested on.</summary>
    public const string GuardRails = """
        policy: work
        rules:
          - {id: enter, effect: allow, verbs: login}
          - {id: work, effect: allow, verbs: [read, write, transaction, session, call]}
          - {id: no-drop, effect: deny, verbs: ddl, hint: Ask an engineer to change the schema.}
          - {id: where-please, effect: deny, verbs: [update, delete], where: absent, hint: Say which rows with WHERE.}
          - {id: secrets, effect: deny, verbs: all, objects: "*.secrets"}
          - {id: ask-first, effect: hold, verbs: truncate}
        ---
        policy: careful
        match:
          subjects: careful@example.com
        rules:
          - {id: one-at-a-time, effect: deny, verbs: all, multi-statement: true, hint: Send one statement at a time.}

        """;
}
