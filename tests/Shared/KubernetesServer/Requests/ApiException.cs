using System.Text.Json.Nodes;

namespace Sallyport.Shared.KubernetesServer.Requests;

/// <summary>A refusal, shaped as the <c>Status</c> object that kube-apiserver answers with.</summary>
internal sealed class ApiException(int code, string reason, string message, JsonObject? details = null) : Exception(message)
{
    public int Code => code;

    public static ApiException BadRequest(string message) => new(400, "BadRequest", message);

    public static ApiException NotFound(string group, string resource, string name) =>
        new(404, "NotFound", $"{Qualified(group, resource)} \"{name}\" not found", Details(group, resource, name));

    public static ApiException NoSuchPath() => new(404, "NotFound", "the server could not find the requested resource", new JsonObject());

    public static ApiException AlreadyExists(string group, string resource, string name) =>
        new(409, "AlreadyExists", $"{Qualified(group, resource)} \"{name}\" already exists", Details(group, resource, name));

    public static ApiException Conflict(string group, string resource, string name) =>
        new(409, "Conflict", $"Operation cannot be fulfilled on {Qualified(group, resource)} \"{name}\": the object has been modified; please apply your changes to the latest version and try again", Details(group, resource, name));

    public static ApiException Invalid(string kind, string name, string field, string message)
    {
        JsonObject details = Details("", kind, name);
        details["causes"] = new JsonArray(new JsonObject { ["reason"] = "FieldValueInvalid", ["message"] = message, ["field"] = field });
        return new(422, "Invalid", $"{kind} \"{name}\" is invalid: {field}: {message}", details);
    }

    public static ApiException Expired(string message) => new(410, "Expired", message);

    public static ApiException MethodNotAllowed() => new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", new JsonObject());

    public static ApiException UnsupportedMediaType(string accepted) =>
        new(415, "UnsupportedMediaType", $"the body of the request was in an unknown format - accepted media types include: {accepted}", new JsonObject());

    public static ApiException NotAcceptable() =>
        new(406, "NotAcceptable", "only the following media types are accepted: application/json, application/yaml", new JsonObject());

    public static ApiException Unauthorized() => new(401, "Unauthorized", "Unauthorized");

    public static ApiException Forbidden(string message) => new(403, "Forbidden", message, new JsonObject());

    /// <summary>The object of the answer.</summary>
    public JsonObject Status()
    {
        var status = new JsonObject
        {
            ["kind"] = "Status",
            ["apiVersion"] = "v1",
            ["metadata"] = new JsonObject(),
            ["status"] = "Failure",
            ["message"] = Message,
            ["reason"] = reason,
        };
        if (details is not null)
            status["details"] = details.DeepClone();
        status["code"] = code;
        return status;
    }

    private static JsonObject Details(string group, string resource, string name)
    {
        var made = new JsonObject { ["name"] = name };
        if (group.Length > 0)
            made["group"] = group;
        made["kind"] = resource;
        return made;
    }

    private static string Qualified(string group, string resource) => group.Length > 0 ? $"{resource}.{group}" : resource;
}
