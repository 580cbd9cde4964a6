using Sallyport.Contract;

namespace Sallyport.Policy.Matching;

/// <summary>What the name of an effect's object is, which decides the condition that looks at it.</summary>
internal enum EffectSort
{
    /// <summary>A name, with or without a schema: <c>objects</c>.</summary>
    Name,

    /// <summary>A program and its arguments: <c>commands</c>.</summary>
    Command,

    /// <summary>A file or a directory: <c>paths</c>.</summary>
    Path,

    /// <summary>A host and a port, or a Unix socket: <c>destinations</c>.</summary>
    Destination,

    /// <summary>A resource of Kubernetes in a namespace: <c>resources</c>, <c>namespaces</c>, <c>names</c>.</summary>
    Resource,
}

/// <summary>The sorts by verb.</summary>
internal static class EffectSorts
{
    private static readonly string[][] AllKeys = [["objects"], ["commands"], ["paths"], ["destinations"], ["resources", "namespaces", "names"]];

    public static EffectSort Of(Verb verb) => verb switch
    {
        Verb.Exec or Verb.TerminalCommand => EffectSort.Command,
        (>= Verb.FileRead and <= Verb.DirectoryRemove) or (>= Verb.HttpGet and <= Verb.HttpOther) => EffectSort.Path,
        >= Verb.KubeGet and <= Verb.KubeConnect => EffectSort.Resource,
        Verb.ForwardLocal or Verb.ForwardRemote => EffectSort.Destination,
        _ => EffectSort.Name,
    };

    /// <summary>The keys of the conditions that look at objects of this sort, the chief one first.</summary>
    public static IReadOnlyList<string> Keys(EffectSort sort) => AllKeys[(int)sort];

    /// <summary>True when a request may have details (<see cref="Verb.HttpDetail"/>) beside an effect of this verb.</summary>
    public static bool HasDetails(Verb verb) =>
        verb is >= Verb.HttpGet or Verb.Exec or Verb.ForwardLocal;
}
