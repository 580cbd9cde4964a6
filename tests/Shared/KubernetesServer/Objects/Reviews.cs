using System.Text;
using System.Text.Json.Nodes;
using Sallyport.Shared.KubernetesServer.Requests;

namespace Sallyport.Shared.KubernetesServer.Objects;

/// <summary>What is only asked, never kept: may I, who am I, give me a token.</summary>
internal static class Reviews
{
    /// <summary>
    /// The answer to a review. Here <c>system:masters</c> and <c>writers</c> may do all, everybody else may read; requests themselves are not judged,
    /// because what is tested is what comes before the API.
    /// </summary>
    public static JsonObject Answer(ResourceKind kind, JsonObject asked, SeenUser user)
    {
        JsonObject answer = asked.Copy();
        answer["kind"] = kind.Kind;
        answer["apiVersion"] = kind.ApiVersion;
        answer.Metadata()["creationTimestamp"] = null;
        switch (kind.Kind)
        {
            case "SelfSubjectReview":
                answer["status"] = new JsonObject { ["userInfo"] = Describe(user) };
                break;
            case "SelfSubjectRulesReview":
                JsonArray verbs = May(user.Groups, "create") ? ["*"] : ["get", "list", "watch"];
                answer["status"] = new JsonObject
                {
                    ["incomplete"] = false,
                    ["nonResourceRules"] = new JsonArray(),
                    ["resourceRules"] = new JsonArray(new JsonObject { ["verbs"] = verbs, ["apiGroups"] = new JsonArray("*"), ["resources"] = new JsonArray("*") }),
                };
                break;
            default:
                IEnumerable<string> groups = kind.Kind == "SubjectAccessReview" ? (asked.At("spec.groups") as JsonArray ?? []).Select(g => g!.ToString()) : user.Groups;
                bool allowed = May(groups, asked.Text("spec.resourceAttributes.verb") ?? asked.Text("spec.nonResourceAttributes.verb") ?? "");
                answer["status"] = new JsonObject { ["allowed"] = allowed };
                break;
        }

        return answer;
    }

    /// <summary>The answer to a request for a service account's token: one that works here.</summary>
    public static JsonObject Token(string space, string account, JsonObject asked, Action<string, SeenUser> add)
    {
        string token = "eyJ" + Convert.ToBase64String(Encoding.UTF8.GetBytes(Guid.NewGuid().ToString())).TrimEnd('=') + ".token";
        add(token, new SeenUser($"system:serviceaccount:{space}:{account}", null, ["system:serviceaccounts", $"system:serviceaccounts:{space}", "system:authenticated"], new Dictionary<string, string[]>()));
        JsonObject answer = asked.Copy();
        answer["kind"] = "TokenRequest";
        answer["apiVersion"] = "authentication.k8s.io/v1";
        answer["metadata"] = new JsonObject { ["name"] = account, ["namespace"] = space, ["creationTimestamp"] = null };
        double seconds = asked.Number("spec.expirationSeconds", 3600);
        answer["status"] = new JsonObject { ["token"] = token, ["expirationTimestamp"] = TimeProvider.System.GetUtcNow().AddSeconds(seconds).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture) };
        return answer;
    }

    private static bool May(IEnumerable<string> groups, string verb) => verb is "get" or "list" or "watch" || groups.Any(g => g is "system:masters" or "writers");

    private static JsonObject Describe(SeenUser user)
    {
        var described = new JsonObject { ["username"] = user.Name, ["groups"] = new JsonArray([.. user.Groups.Select(g => JsonValue.Create(g))]) };
        if (user.Uid is not null)
            described["uid"] = user.Uid;
        if (user.Extra.Count > 0)
            described["extra"] = new JsonObject(user.Extra.Select(e => KeyValuePair.Create<string, JsonNode?>(e.Key, new JsonArray([.. e.Value.Select(v => JsonValue.Create(v))]))));
        return described;
    }
}
