using System.Text;
using Sallyport.Contract;

namespace Sallyport.Policy.Tests.Support;

/// <summary>One effect, written down: an empty name is no object.</summary>
public sealed record TestEffect(Verb Verb, string Schema = "", string Name = "", bool WhereAbsent = false, char Separator = '.');

/// <summary>An action that lives on the heap, so that tests can keep and print it.</summary>
public sealed record TestAction(Verb Verb, ActionFlags Flags, IReadOnlyList<TestEffect> Effects)
{
    private readonly byte[] _names = Encoding.UTF8.GetBytes(string.Concat(Effects.Select(Full)));
    private readonly ObjectRef[] _objects = Refs(Effects);

    public ActionKind Kind { get; init; } = ActionKind.Statement;

    /// <summary>The account's home directory; empty: not known.</summary>
    public string Home { get; init; } = "";

    public static TestAction Of(Verb verb, params TestEffect[] effects) => new(verb, ActionFlags.None, effects);

    /// <summary>Reads <c>delete! public.orders, select customers</c>: the first verb is the action's; <c>!</c> is WHERE absent.</summary>
    public static TestAction Parse(string text, ActionFlags flags = ActionFlags.None)
    {
        List<TestEffect> effects = [];
        Verb? own = null;
        foreach (string part in text.Split(','))
        {
            string[] words = part.Trim().Split(' ', 2);
            Verb verb = Policy.Yaml.KebabNames.Of<Verb>()[words[0].TrimEnd('!')];
            own ??= verb;
            if (words.Length == 1)
                continue;
            int dot = words[1].IndexOf('.', StringComparison.Ordinal);
            effects.Add(new TestEffect(verb, dot < 0 ? "" : words[1][..dot], words[1][(dot + 1)..], words[0].EndsWith('!')));
        }

        return new TestAction(own!.Value, flags, effects);
    }

    /// <summary>
    /// Reads what an SSH session does: <c>exec rm|-rf|x</c> (a program and its arguments), <c>forward-local db:5432</c>, <c>forward-local unix:/run/x</c>, and
    /// otherwise a verb with or without a name; several effects are parted by <c> ; </c>.
    /// </summary>
    public static TestAction Ssh(string text, ActionFlags flags = ActionFlags.None)
    {
        List<TestEffect> effects = [];
        Verb? own = null;
        foreach (string part in text.Split(" ; "))
        {
            string[] words = part.Split(' ', 2);
            Verb verb = Policy.Yaml.KebabNames.Of<Verb>()[words[0]];
            own ??= verb;
            if (words.Length == 2)
                effects.Add(SshEffect(verb, words[1]));
        }

        return new TestAction(own!.Value, flags, effects) { Kind = ActionKind.Command };
    }

    /// <summary>
    /// Reads a request: effects parted by <c> ; </c>, then <c> with </c> and details parted by <c>, </c>. An effect on a resource is
    /// <c>kube-get pods/log shop/web-1</c>; without a namespace or a name these are left out around the slash.
    /// </summary>
    public static TestAction Http(string text, ActionFlags flags = ActionFlags.None)
    {
        string[] halves = text.Split(" with ", 2);
        List<TestEffect> effects = [];
        foreach (string part in halves[0].Split(" ; "))
        {
            string[] words = part.Split(' ', 3);
            Verb verb = Policy.Yaml.KebabNames.Of<Verb>()[words[0]];
            effects.Add(words.Length == 3
                ? new TestEffect(verb, words[1], words[2].Replace('/', '\0'), Separator: '\0')
                : words.Length == 2 ? SshEffect(verb, words[1]) : new TestEffect(verb));
        }

        Verb own = effects[0].Verb;
        foreach (string detail in halves.Length == 2 ? halves[1].Split(", ") : [])
            effects.Add(new TestEffect(Verb.HttpDetail, detail[..detail.IndexOf('=', StringComparison.Ordinal)], detail[(detail.IndexOf('=', StringComparison.Ordinal) + 1)..], Separator: '\0'));
        return new TestAction(own, flags, effects) { Kind = ActionKind.HttpRequest };
    }

    public ActionView View() => new() { Kind = Kind, Verb = Verb, Flags = Flags, Names = _names, Objects = _objects, Home = Encoding.UTF8.GetBytes(Home) };

    public override string ToString() => $"{Verb} [{Flags}] {string.Join(", ", Effects)}";

    private static TestEffect SshEffect(Verb verb, string name)
    {
        if (verb == Verb.Exec)
            return name.Split('|', 2) is [string program, string arguments] ? new TestEffect(verb, program, arguments.Replace('|', '\0'), Separator: '\0') : new TestEffect(verb, Name: name);
        if (verb is not (Verb.ForwardLocal or Verb.ForwardRemote))
            return new TestEffect(verb, Name: name);
        int colon = name.LastIndexOf(':');
        return name.StartsWith("unix:", StringComparison.Ordinal) ? new TestEffect(verb, Name: name[5..]) : new TestEffect(verb, name[..colon], name[(colon + 1)..], Separator: ':');
    }

    private static string Full(TestEffect effect) => effect.Schema.Length == 0 ? (effect.Separator == ':' ? $":{effect.Name}" : effect.Name) : $"{effect.Schema}{effect.Separator}{effect.Name}";

    private static ObjectRef[] Refs(IReadOnlyList<TestEffect> effects)
    {
        ObjectRef[] refs = new ObjectRef[effects.Count];
        int start = 0;
        for (int i = 0; i < refs.Length; i++)
        {
            int length = Encoding.UTF8.GetByteCount(Full(effects[i]));
            ObjectFlags flags = effects[i].WhereAbsent ? ObjectFlags.WhereAbsent : ObjectFlags.None;
            refs[i] = new ObjectRef(effects[i].Verb, flags, start, length, Encoding.UTF8.GetByteCount(effects[i].Schema));
            start += length;
        }

        return refs;
    }
}
