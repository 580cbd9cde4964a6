using Sallyport.Contract;
using Sallyport.Policy.Matching;
using Sallyport.Policy.Yaml;

namespace Sallyport.Policy.Documents;

/// <summary>The words that <c>verbs</c> takes: every verb by its name, and groups. docs/policy.md lists them.</summary>
internal static class VerbNames
{
    /// <summary>The group of all verbs, later ones and the unknown included.</summary>
    public const string All = "all";

    private static readonly Dictionary<string, Verb[]> Groups = new(StringComparer.Ordinal)
    {
        // COPY … TO is left out: it is a bulk export, and with a file or a program it writes on the server.
        ["read"] = [Verb.Select, Verb.Declare, Verb.Fetch, Verb.Move, Verb.Close, Verb.Explain, Verb.Show],
        ["write"] = [Verb.Insert, Verb.Update, Verb.Delete, Verb.Merge, Verb.Truncate, Verb.CopyFrom],
        ["ddl"] =
        [
            Verb.Create, Verb.CreateTableAs, Verb.Alter, Verb.Drop, Verb.Comment, Verb.ImportForeignSchema, Verb.DropOwned, Verb.Refresh,
            Verb.Reindex, Verb.Cluster,
        ],
        ["dcl"] = [Verb.Grant, Verb.Revoke, Verb.ReassignOwned, Verb.SecurityLabel],
        ["transaction"] =
        [
            Verb.Begin, Verb.Commit, Verb.Rollback, Verb.Savepoint, Verb.Release, Verb.PrepareTransaction, Verb.CommitPrepared,
            Verb.RollbackPrepared,
        ],
        ["session"] =
        [
            Verb.Set, Verb.Reset, Verb.Show, Verb.Prepare, Verb.Execute, Verb.Deallocate, Verb.Discard, Verb.Listen, Verb.Unlisten,
        ],
        ["terminal"] = [Verb.Shell, Verb.Pty, Verb.Env],
        ["files-read"] = [Verb.FileRead, Verb.FileList, Verb.FileStat],
        ["files-write"] =
        [
            Verb.FileWrite, Verb.FileSetStat, Verb.FileRename, Verb.FileLink, Verb.FileRemove, Verb.DirectoryMake, Verb.DirectoryRemove,
        ],
        // Not the agent, whose keys open more than this target, and not a screen.
        ["forward"] = [Verb.ForwardLocal, Verb.ForwardRemote],
        ["http-read"] = [Verb.HttpGet, Verb.HttpHead, Verb.HttpOptions],
        ["http-write"] = [Verb.HttpPost, Verb.HttpPut, Verb.HttpPatch, Verb.HttpDelete],
        // What connects reads and writes alike, and is in neither.
        ["kube-read"] = [Verb.KubeGet, Verb.KubeList, Verb.KubeWatch],
        ["kube-write"] = [Verb.KubeCreate, Verb.KubeUpdate, Verb.KubePatch, Verb.KubeDelete, Verb.KubeDeleteCollection],
    };

    /// <summary>What each word stands for; null: everything.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<Verb>?> Words { get; } = Build();

    /// <summary>The set that some words stand for together.</summary>
    public static VerbSet SetOf(IEnumerable<IReadOnlyList<Verb>?> words)
    {
        VerbSet set = default;
        foreach (IReadOnlyList<Verb>? verbs in words)
        {
            if (verbs is null)
                return VerbSet.All;
            foreach (Verb verb in verbs)
                set = set.With(verb);
        }

        return set;
    }

    private static Dictionary<string, IReadOnlyList<Verb>?> Build()
    {
        Dictionary<string, IReadOnlyList<Verb>?> words = new(StringComparer.Ordinal) { [All] = null };
        foreach ((string name, Verb[] verbs) in Groups)
            words.Add(name, verbs);
        foreach ((string name, Verb verb) in KebabNames.Of<Verb>())
        {
            if (verb is not (Verb.Unknown or Verb.HttpDetail))
                words.Add(name, [verb]);
        }

        return words;
    }
}
