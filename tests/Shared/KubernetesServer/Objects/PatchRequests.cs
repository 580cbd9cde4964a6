using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>The four kinds of patch, and what any change of an object has to keep to.</summary>
internal sealed class PatchRequests(ObjectStore store)
{
    private const string Accepted = "application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml";

    /// <summary>Who changes it: what the request says, else the program's name.</summary>
    public static string Manager(HttpRequest request) =>
        request.Query["fieldManager"] is [{ Length: > 0 } said] ? said : request.Headers.UserAgent.ToString().Split('/')[0] is { Length: > 0 } agent ? agent : "unknown";

    /// <summary>Patches an object; an apply of one that there is not makes it.</summary>
    /// <exception cref="ApiException">400, 404, 409, 415, 422.</exception>
    public (JsonObject Value, bool Created) Patch(HttpRequest request, ResourceKind kind, string space, string name, string? subresource, byte[] body, bool dryRun, Func<JsonObject, bool, JsonObject> create)
    {
        string type = (request.ContentType ?? "").Split(';')[0].Trim();
        if (type == "application/strategic-merge-patch+json" && kind.Custom)
            throw ApiException.UnsupportedMediaType(Accepted.Replace("application/strategic-merge-patch+json, ", "", StringComparison.Ordinal));
        if (type is not ("application/json-patch+json" or "application/merge-patch+json" or "application/strategic-merge-patch+json" or "application/apply-patch+yaml"))
            throw ApiException.UnsupportedMediaType(Accepted);
        JsonNode patch = Bodies.Parse(body, type == "application/apply-patch+yaml") ?? throw ApiException.BadRequest("the body is empty");

        if (type == "application/apply-patch+yaml")
            return Apply(request, kind, space, name, subresource, (JsonObject)patch, dryRun, create);
        JsonObject changed = store.Update(kind, space, name, now =>
        {
            JsonObject seen = subresource == "scale" ? Scales.Of(now, kind) : now.Copy();
            JsonObject wanted = (type, patch) switch
            {
                ("application/json-patch+json", JsonArray operations) => JsonPatch.Apply(seen, operations),
                ("application/merge-patch+json", JsonObject map) => Merging.Plain(seen, map),
                ("application/strategic-merge-patch+json", JsonObject map) => Merging.Strategic(seen, map),
                _ => throw ApiException.BadRequest("the body is not a patch of that type"),
            };
            if (subresource != "scale")
                Defaults.Check(kind, space, name, wanted);
            return Change(kind, name, subresource, now, wanted, Manager(request));
        }, dryRun);
        return (changed, false);
    }

    private (JsonObject Value, bool Created) Apply(HttpRequest request, ResourceKind kind, string space, string name, string? subresource, JsonObject applied, bool dryRun, Func<JsonObject, bool, JsonObject> create)
    {
        if (request.Query["fieldManager"].Count == 0)
            throw new ApiException(422, "Invalid", "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch", new JsonObject());
        if (applied.At("metadata.managedFields") is not null)
            throw ApiException.BadRequest("metadata.managedFields must be nil");
        string manager = Manager(request);
        Defaults.Check(kind, space, name, applied);
        applied.Metadata()["name"] ??= name;
        if (subresource is null && store.Get(kind.Key, space, name) is null)
        {
            JsonObject first = Ownership.Apply([], applied, manager, force: true);
            return (create(first, dryRun), true);
        }

        bool force = request.Query["force"] == "true";
        return (store.Update(kind, space, name, now =>
        {
            JsonObject wanted = Ownership.Apply(now, applied, manager, force);
            wanted["metadata"]!["resourceVersion"] = now.Text("metadata.resourceVersion");
            return Change(kind, name, subresource, now, wanted, manager: null);
        }, dryRun), false);
    }

    /// <summary>What an object is to be after a change: nobody changes another's part of it, or one that has changed since.</summary>
    /// <param name="manager">Who the changed fields are of from now on; null where that has been noted.</param>
    public static JsonObject Change(ResourceKind kind, string name, string? subresource, JsonObject now, JsonObject wanted, string? manager)
    {
        if (wanted.Text("metadata.resourceVersion") is { Length: > 0 } revision && revision != now.Text("metadata.resourceVersion"))
            throw ApiException.Conflict(kind.Group, kind.Plural, name);
        if (wanted.Text("metadata.uid") is { Length: > 0 } uid && uid != now.Text("metadata.uid"))
            throw ApiException.Conflict(kind.Group, kind.Plural, name);

        JsonObject next = now.Copy();
        switch (subresource)
        {
            case "status":
                next["status"] = wanted["status"]?.DeepClone();
                break;
            case "scale":
                next.Child("spec")["replicas"] = wanted.Number("spec.replicas");
                break;
            case "ephemeralcontainers":
                next.Child("spec")["ephemeralContainers"] = wanted.At("spec.ephemeralContainers")?.DeepClone();
                break;
            default:
                next = wanted.Copy();
                if (Array.Exists(kind.Subresources, s => s.Name == "status"))
                    next["status"] = now["status"]?.DeepClone();
                break;
        }

        foreach (string kept in (ReadOnlySpan<string>)["uid", "creationTimestamp", "resourceVersion", "name", "namespace", "deletionTimestamp"])
        {
            if (now["metadata"]?[kept] is { } value)
                next.Metadata()[kept] = value.DeepClone();
        }

        if (subresource != "status")
            Defaults.Follow(kind, now, next);
        // A change of nothing is no change: not even of who changed it.
        JsonObject same = next.Copy();
        if (now.At("metadata.managedFields") is { } managed)
            same.Metadata()["managedFields"] = managed.DeepClone();
        if (manager is not null)
        {
            if (JsonNode.DeepEquals(same, now))
                return now;
            next.Metadata().Remove("managedFields");
            if (now.At("metadata.managedFields") is { } before)
                next.Metadata()["managedFields"] = before.DeepClone();
            Ownership.Note(now, next, manager);
        }

        return next;
    }
}
