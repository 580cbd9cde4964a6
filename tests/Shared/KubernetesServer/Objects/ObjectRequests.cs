using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>Get, list, create, update, patch and delete of objects (Kubernetes API concepts).</summary>
internal sealed class ObjectRequests(ObjectStore store, ResourceKinds kinds)
{
    private readonly WatchRequests _watches = new(store);
    private readonly PatchRequests _patches = new(store);

    /// <summary>Answers a request for a kind's objects, or one object, or its status or scale.</summary>
    /// <exception cref="ApiException">It is refused.</exception>
    public async Task HandleAsync(HttpContext context, ApiRequest request, ResourceKind kind, byte[] body)
    {
        AnswerForm form = AnswerForm.Of(context.Request);
        string space = request.Namespace ?? "";
        string method = context.Request.Method;
        IQueryCollection query = context.Request.Query;
        bool dryRun = query["dryRun"] == "All";
        if (request.Name is null)
        {
            switch (method)
            {
                case "GET" or "HEAD" when ApiRequest.IsTrue(query["watch"]):
                    await _watches.HandleAsync(context, request, kind, form);
                    return;
                case "GET" or "HEAD":
                    await ListAsync(context, request, kind, form);
                    return;
                case "POST":
                    JsonObject made = Create(context.Request, kind, space, Bodies.Object(context.Request, body), dryRun);
                    await WriteAsync(context, kind, form, made, 201);
                    return;
                case "DELETE":
                    await DeleteCollectionAsync(context, request, kind, form, dryRun);
                    return;
                default:
                    throw ApiException.MethodNotAllowed();
            }
        }

        string name = request.Name;
        switch (method)
        {
            case "GET" or "HEAD" when ApiRequest.IsTrue(query["watch"]) && request.Subresource is null:
                await _watches.HandleAsync(context, request with { Name = null }, kind, form, "metadata.name=" + name);
                break;
            case "GET" or "HEAD":
                JsonObject found = store.Get(kind.Key, space, name) ?? throw ApiException.NotFound(kind.Group, kind.Plural, name);
                await WriteAsync(context, kind, form, View(found, kind, request.Subresource), 200);
                break;
            case "PUT":
                JsonObject wanted = Bodies.Object(context.Request, body) ?? throw ApiException.BadRequest("the body is empty");
                await WriteAsync(context, kind, form, View(Update(context.Request, kind, space, name, request.Subresource, wanted, dryRun), kind, request.Subresource), 200);
                break;
            case "PATCH":
                (JsonObject patched, bool created) = _patches.Patch(context.Request, kind, space, name, request.Subresource, body, dryRun, (value, dry) => Create(context.Request, kind, space, value, dry, apply: true));
                await WriteAsync(context, kind, form, View(patched, kind, request.Subresource), created ? 201 : 200);
                break;
            case "DELETE" when request.Subresource is null:
                await DeleteAsync(context, kind, space, name, Bodies.Object(context.Request, body), dryRun);
                break;
            default:
                throw ApiException.MethodNotAllowed();
        }
    }

    /// <summary>Keeps a new object.</summary>
    public JsonObject Create(HttpRequest request, ResourceKind kind, string space, JsonObject? value, bool dryRun, bool apply = false)
    {
        if (value is null)
            throw ApiException.BadRequest("the body is empty");
        if (kind.Namespaced && store.Get("/namespaces", "", space) is null)
            throw ApiException.NotFound("", "namespaces", space);
        Defaults.Check(kind, space, null, value);
        if (value.Name().Length == 0 && value.Text("metadata.generateName") is null)
            throw ApiException.Invalid(kind.Kind, "", "metadata.name", "Required value: name or generateName is required");
        if (value.Text("metadata.resourceVersion") is { Length: > 0 })
            throw ApiException.BadRequest("resourceVersion should not be set on objects to be created");
        Defaults.Complete(kind, value);
        if (!apply)
            Ownership.Note(null, value, PatchRequests.Manager(request));
        if (dryRun)
        {
            if (store.Get(kind.Key, space, value.Name()) is not null)
                throw ApiException.AlreadyExists(kind.Group, kind.Plural, value.Name());
            return value;
        }

        JsonObject kept = store.Create(kind, space, value);
        if (kind.Kind == "CustomResourceDefinition")
            kinds.Define(kept);
        return kept;
    }

    /// <summary>What an object looks like through one of its subresources.</summary>
    private static JsonObject View(JsonObject value, ResourceKind kind, string? subresource) => subresource == "scale" ? Scales.Of(value, kind) : value;

    private JsonObject Update(HttpRequest request, ResourceKind kind, string space, string name, string? subresource, JsonObject wanted, bool dryRun)
    {
        if (subresource != "scale")
            Defaults.Check(kind, space, name, wanted);
        return store.Update(kind, space, name, now => PatchRequests.Change(kind, name, subresource, now, wanted, PatchRequests.Manager(request)), dryRun);
    }

    private async Task ListAsync(HttpContext context, ApiRequest request, ResourceKind kind, AnswerForm form)
    {
        IQueryCollection query = context.Request.Query;
        Func<JsonObject, bool> selects = Selectors.Parse(query["labelSelector"], query["fieldSelector"]);
        (IReadOnlyList<JsonObject> all, long revision) = store.List(kind.Key, request.Namespace);
        List<JsonObject> rest = [.. all.Where(selects)];
        if (query["continue"] is [{ Length: > 0 } token])
        {
            (revision, string last) = Continue(token);
            if (!store.Kept(revision))
                throw ApiException.Expired("The provided continue parameter is too old to display a consistent list result.");
            rest.RemoveAll(o => string.CompareOrdinal(Position(o), last) <= 0);
        }

        var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) };
        if (int.TryParse(query["limit"], CultureInfo.InvariantCulture, out int limit) && limit > 0 && rest.Count > limit)
        {
            int remaining = rest.Count - limit;
            rest.RemoveRange(limit, remaining);
            metadata["continue"] = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{revision}\n{Position(rest[^1])}"));
            if (string.IsNullOrEmpty(query["labelSelector"]) && string.IsNullOrEmpty(query["fieldSelector"]))
                metadata["remainingItemCount"] = remaining;
        }

        JsonObject answer = form.As switch
        {
            "Table" => TableColumns.Render(kind, rest, metadata, query["includeObject"]),
            "PartialObjectMetadataList" => List("PartialObjectMetadataList", "meta.k8s.io/v1", rest.Select(TableColumns.Partial), metadata),
            _ => List(kind.Kind + "List", kind.ApiVersion, rest.Select(o => kind.Custom ? o : Bare(o)), metadata),
        };
        await Answers.WriteAsync(context, answer, 200, form.Yaml);
    }

    private static JsonObject List(string kind, string apiVersion, IEnumerable<JsonObject> items, JsonObject metadata) => new()
    {
        ["kind"] = kind,
        ["apiVersion"] = apiVersion,
        ["metadata"] = metadata,
        ["items"] = new JsonArray([.. items]),
    };

    /// <summary>Items of a list of built-in kinds say no kind: the list did.</summary>
    private static JsonObject Bare(JsonObject value)
    {
        value.Remove("kind");
        value.Remove("apiVersion");
        return value;
    }

    private async Task DeleteAsync(HttpContext context, ResourceKind kind, string space, string name, JsonObject? options, bool dryRun)
    {
        if (options?.Text("propagationPolicy") is { } policy && policy is not ("Background" or "Foreground" or "Orphan"))
            throw ApiException.Invalid("DeleteOptions", "", "propagationPolicy", $"Unsupported value: \"{policy}\"");
        JsonObject last;
        bool gone = false;
        if (dryRun || options?["dryRun"] is JsonArray { Count: > 0 })
            last = store.Get(kind.Key, space, name) ?? throw ApiException.NotFound(kind.Group, kind.Plural, name);
        else
            (last, gone) = Delete(kind, space, name, options);
        if (!gone)
        {
            await Answers.WriteAsync(context, last);
            return;
        }

        var details = new JsonObject { ["name"] = name, ["kind"] = kind.Plural, ["uid"] = last.Text("metadata.uid") };
        if (kind.Group.Length > 0)
            details["group"] = kind.Group;
        await Answers.WriteAsync(context, new JsonObject { ["kind"] = "Status", ["apiVersion"] = "v1", ["metadata"] = new JsonObject(), ["status"] = "Success", ["details"] = details });
    }

    private (JsonObject Last, bool Gone) Delete(ResourceKind kind, string space, string name, JsonObject? options)
    {
        (JsonObject last, bool gone) = store.Delete(kind, space, name, now =>
        {
            if (options?.Text("preconditions.uid") is { } uid && uid != now.Text("metadata.uid"))
                throw ApiException.Conflict(kind.Group, kind.Plural, name);
            if (options?.Text("preconditions.resourceVersion") is { } revision && revision != now.Text("metadata.resourceVersion"))
                throw ApiException.Conflict(kind.Group, kind.Plural, name);
        });
        if (kind.Kind == "Namespace" && gone)
            Empty(name);
        if (kind.Kind == "CustomResourceDefinition" && gone)
            kinds.Undefine(last);
        return (last, gone);
    }

    /// <summary>What was in a namespace goes with it.</summary>
    private void Empty(string space)
    {
        foreach (ResourceKind kind in kinds.All.Where(k => k is { Namespaced: true, Stored: true }))
        {
            foreach (JsonObject value in store.List(kind.Key, space).Objects)
                store.Delete(kind, space, value.Name(), _ => { });
        }
    }

    private async Task DeleteCollectionAsync(HttpContext context, ApiRequest request, ResourceKind kind, AnswerForm form, bool dryRun)
    {
        IQueryCollection query = context.Request.Query;
        Func<JsonObject, bool> selects = Selectors.Parse(query["labelSelector"], query["fieldSelector"]);
        (IReadOnlyList<JsonObject> all, long revision) = store.List(kind.Key, request.Namespace);
        List<JsonObject> gone = [.. all.Where(selects)];
        foreach (JsonObject value in gone)
        {
            if (!dryRun)
                Delete(kind, value.Text("metadata.namespace") ?? "", value.Name(), null);
        }

        var metadata = new JsonObject { ["resourceVersion"] = revision.ToString(CultureInfo.InvariantCulture) };
        await Answers.WriteAsync(context, List(kind.Kind + "List", kind.ApiVersion, gone, metadata), 200, form.Yaml);
    }

    private static Task WriteAsync(HttpContext context, ResourceKind kind, AnswerForm form, JsonObject value, int status)
    {
        JsonObject answer = form.As switch
        {
            "Table" => TableColumns.Render(kind, [value], new JsonObject { ["resourceVersion"] = value.Text("metadata.resourceVersion") }, context.Request.Query["includeObject"]),
            "PartialObjectMetadata" => TableColumns.Partial(value),
            _ => value,
        };
        return Answers.WriteAsync(context, answer, status, form.Yaml);
    }

    private static string Position(JsonObject value) => $"{value.Text("metadata.namespace")}/{value.Name()}";

    private static (long Revision, string Last) Continue(string token)
    {
        try
        {
            string[] parts = Encoding.UTF8.GetString(Convert.FromBase64String(token)).Split('\n');
            return (long.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]);
        }
        catch (Exception e) when (e is FormatException or IndexOutOfRangeException)
        {
            throw ApiException.BadRequest("continue key is not valid: " + e.Message);
        }
    }
}
