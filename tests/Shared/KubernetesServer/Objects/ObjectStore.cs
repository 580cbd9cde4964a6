using System.Globalization;
using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>What happened to an object: <paramref name="Before"/> is null when it was made, <paramref name="After"/> holds its last state also when it was deleted.</summary>
internal sealed record ObjectEvent(long Revision, string Kind, string Space, JsonObject? Before, JsonObject After, bool Deleted);

/// <summary>All objects, one revision over all of them as etcd has, and what happened since the oldest revision kept.</summary>
internal sealed class ObjectStore
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Kind, string Space, string Name), JsonObject> _objects = new(Comparer<(string Kind, string Space, string Name)>.Create((a, b) =>
        string.CompareOrdinal(a.Kind, b.Kind) is var kind and not 0 ? kind
        : string.CompareOrdinal(a.Space, b.Space) is var space and not 0 ? space
        : string.CompareOrdinal(a.Name, b.Name)));

    private readonly List<ObjectEvent> _events = [];
    private long _revision = 1000;
    private long _oldest = 1000;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The revision of the last change.</summary>
    public long Revision
    {
        get
        {
            lock (_gate)
                return _revision;
        }
    }

    /// <summary>Done when anything changes after this call.</summary>
    public Task Changed
    {
        get
        {
            lock (_gate)
                return _changed.Task;
        }
    }

    /// <summary>A copy of an object; null where there is none.</summary>
    public JsonObject? Get(string kind, string space, string name)
    {
        lock (_gate)
            return _objects.GetValueOrDefault((kind, space, name))?.Copy();
    }

    /// <summary>Copies of the objects of a kind in order of namespace and name, and the revision they are of.</summary>
    /// <param name="space">Null: of all namespaces.</param>
    public (IReadOnlyList<JsonObject> Objects, long Revision) List(string kind, string? space)
    {
        lock (_gate)
        {
            return ([.. _objects.Where(o => o.Key.Kind == kind && (space is null || o.Key.Space == space)).Select(o => o.Value.Copy())], _revision);
        }
    }

    /// <summary>Keeps a new object, with its uid, time and revision.</summary>
    /// <exception cref="ApiException">409: there is one of that name.</exception>
    public JsonObject Create(ResourceKind kind, string space, JsonObject value)
    {
        TaskCompletionSource before;
        JsonObject kept = value.Copy();
        lock (_gate)
        {
            string name = kept.Name();
            if (_objects.ContainsKey((kind.Key, space, name)))
                throw ApiException.AlreadyExists(kind.Group, kind.Plural, name);
            JsonObject metadata = kept.Metadata();
            metadata["uid"] = Guid.NewGuid().ToString();
            metadata["creationTimestamp"] = TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            before = Keep(kind.Key, space, name, null, kept);
        }

        before.SetResult();
        return kept.Copy();
    }

    /// <summary>Changes an object: <paramref name="change"/> gets a copy and returns what is to be kept. Nothing happens where that is the same.</summary>
    /// <exception cref="ApiException">404: there is none.</exception>
    public JsonObject Update(ResourceKind kind, string space, string name, Func<JsonObject, JsonObject> change, bool dryRun = false)
    {
        TaskCompletionSource before;
        JsonObject kept;
        lock (_gate)
        {
            if (!_objects.TryGetValue((kind.Key, space, name), out JsonObject? now))
                throw ApiException.NotFound(kind.Group, kind.Plural, name);
            kept = change(now.Copy());
            if (dryRun || JsonNode.DeepEquals(now, kept))
                return kept.Copy();
            if (kept.Text("metadata.deletionTimestamp") is not null && kept.At("metadata.finalizers") is not JsonArray { Count: > 0 })
                before = Remove(kind.Key, space, name, now);
            else
                before = Keep(kind.Key, space, name, now, kept);
        }

        before.SetResult();
        return kept.Copy();
    }

    /// <summary>Removes an object, or marks it for removal while it has finalizers.</summary>
    /// <returns>Its last state, and whether it is gone.</returns>
    /// <exception cref="ApiException">404, or 409 where <paramref name="agrees"/> throws it.</exception>
    public (JsonObject Last, bool Gone) Delete(ResourceKind kind, string space, string name, Action<JsonObject> agrees)
    {
        TaskCompletionSource before;
        JsonObject last;
        bool gone;
        lock (_gate)
        {
            if (!_objects.TryGetValue((kind.Key, space, name), out JsonObject? now))
                throw ApiException.NotFound(kind.Group, kind.Plural, name);
            agrees(now);
            last = now.Copy();
            gone = now.At("metadata.finalizers") is not JsonArray { Count: > 0 };
            if (gone)
            {
                before = Remove(kind.Key, space, name, now);
            }
            else
            {
                last.Metadata()["deletionTimestamp"] ??= TimeProvider.System.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
                last.Metadata()["deletionGracePeriodSeconds"] ??= 0;
                before = Keep(kind.Key, space, name, now, last);
            }
        }

        before.SetResult();
        return (last.Copy(), gone);
    }

    /// <summary>What happened after a revision.</summary>
    /// <exception cref="ApiException">410: that is longer ago than what is kept.</exception>
    public IReadOnlyList<ObjectEvent> Since(long revision)
    {
        lock (_gate)
        {
            if (revision < _oldest)
                throw ApiException.Expired($"too old resource version: {revision} ({_oldest})");
            int from = _events.Count;
            while (from > 0 && _events[from - 1].Revision > revision)
                from--;
            return _events[from..];
        }
    }

    /// <summary>Forgets what happened so far: watches and pages that go on from before get 410.</summary>
    public void Compact()
    {
        lock (_gate)
        {
            _events.Clear();
            _oldest = ++_revision;
        }
    }

    /// <summary>True where pages begun at a revision can still be gone on with.</summary>
    public bool Kept(long revision)
    {
        lock (_gate)
            return revision >= _oldest;
    }

    private TaskCompletionSource Keep(string kind, string space, string name, JsonObject? before, JsonObject after)
    {
        after.Metadata()["resourceVersion"] = (++_revision).ToString(CultureInfo.InvariantCulture);
        _objects[(kind, space, name)] = after;
        _events.Add(new ObjectEvent(_revision, kind, space, before, after.Copy(), Deleted: false));
        return Next();
    }

    private TaskCompletionSource Remove(string kind, string space, string name, JsonObject before)
    {
        _objects.Remove((kind, space, name));
        JsonObject last = before.Copy();
        last.Metadata()["resourceVersion"] = (++_revision).ToString(CultureInfo.InvariantCulture);
        _events.Add(new ObjectEvent(_revision, kind, space, before, last, Deleted: true));
        return Next();
    }

    private TaskCompletionSource Next()
    {
        TaskCompletionSource before = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        return before;
    }
}
