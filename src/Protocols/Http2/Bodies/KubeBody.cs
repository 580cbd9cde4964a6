using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Heads;
using Sallyport.Protocols.Http2.Kubernetes;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>A request to an API server as an action, with the fields of the object that it sends.</summary>
internal sealed class KubeBody
{
    private static readonly (byte[] Field, byte[] Attribute)[] DeleteOptions =
        [.. new[] { ("dryRun[*]", "dry-run"), ("propagationPolicy", "propagation-policy"), ("gracePeriodSeconds", "grace-period") }.Select(p => (Encoding.ASCII.GetBytes(p.Item1), Encoding.ASCII.GetBytes(p.Item2)))];

    // What the query of a deletion and its body both can say (DeleteOptions of meta/v1).
    private static readonly byte[][] DeleteParameters = [.. new[] { "dryRun", "gracePeriodSeconds", "propagationPolicy", "orphanDependents" }.Select(Encoding.ASCII.GetBytes)];

    private readonly BodyFields _body = new();
    private readonly FieldList.Taker _field;
    private HttpActions? _actions;
    private bool _deletes;

    public KubeBody() => _field = Field;

    /// <summary>The request may send an object, which rules look into.</summary>
    public static bool HasObject(in RequestInfo info) =>
        info.IsResource && info.Verb is Verb.KubeCreate or Verb.KubeUpdate or Verb.KubePatch or Verb.KubeDelete or Verb.KubeDeleteCollection;

    /// <summary>Begins the action.</summary>
    /// <param name="body">The whole body; empty: it has none.</param>
    public void Begin(HttpActions actions, ReadOnlySpan<byte> method, in RequestInfo info, HttpHead head, ReadOnlySpan<byte> body)
    {
        bool reads = HasObject(info) && info.Problem == RequestProblem.None;
        if (!reads || body.IsEmpty)
        {
            actions.Kubernetes(method, info);
            // A body that stands beside an upgrade is not collected.
            if (reads && info.Upgrades)
                actions.Flag(ActionFlags.Unparsed);
            return;
        }

        BodyReading reading = _body.Read(head, info.Verb, body, KubeGroups.IsOwn(info.Group));
        actions.Kubernetes(method, info, reading == BodyReading.Unparsed ? default : _body.Fields.Value("metadata.name"u8));
        if (reading == BodyReading.Unparsed)
            actions.Flag(ActionFlags.Unparsed);
        else if (reading == BodyReading.Truncated)
            actions.Flag(ActionFlags.Truncated);
        _actions = actions;
        _deletes = info.Verb is Verb.KubeDelete or Verb.KubeDeleteCollection;
        // The server takes the options of a deletion from its body if it has one, and then nothing from the query: "?dryRun=All" would look like what it is not.
        if (_deletes && HasDeleteParameters(info.Query))
            actions.Flag(ActionFlags.Unparsed);
        _body.Fields.ForEach(_field);
        // They are the action's now, and the next request may be a long time coming.
        _body.Fields.Clear();
    }

    private void Field(ReadOnlySpan<byte> path, ReadOnlySpan<byte> value)
    {
        _actions!.Field(path, value);
        if (!_deletes)
            return;
        foreach ((byte[] field, byte[] attribute) in DeleteOptions)
        {
            if (path.SequenceEqual(field))
                _actions.Detail(attribute, value);
        }
    }

    private static bool HasDeleteParameters(ReadOnlySpan<byte> query)
    {
        byte[] scratch = new byte[query.Length];
        foreach (byte[] parameter in DeleteParameters)
        {
            if (KubeQuery.TryGet(query, parameter, scratch, out _))
                return true;
        }

        return false;
    }
}
