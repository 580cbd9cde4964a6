using System.Globalization;
using System.Text.Json;

namespace Sallyport.Proxy.Cli.Client;

/// <summary>What kubectl and client libraries ask a credential plugin, and what they are answered (Kubernetes, "client-go credential plugins").</summary>
/// <param name="ApiVersion">The version they speak.</param>
/// <param name="IsInteractive">Somebody is there to log in.</param>
internal sealed record ExecCredential(string ApiVersion, bool IsInteractive)
{
    /// <summary>The environment variable that the question comes in.</summary>
    public const string Variable = "KUBERNETES_EXEC_INFO";

    public const string V1 = "client.authentication.k8s.io/v1";

    /// <summary>The same in all that we say and are told.</summary>
    private const string V1Beta1 = "client.authentication.k8s.io/v1beta1";

    private const int Longest = 1 << 20;

    /// <summary>Reads the question.</summary>
    /// <param name="question">Null or empty: nobody asks, so nobody is there.</param>
    /// <exception cref="ClientException">It is in no version that we know.</exception>
    public static ExecCredential Read(string? question)
    {
        if (string.IsNullOrEmpty(question))
            return new ExecCredential(V1, false);
        if (question.Length > Longest)
            throw new ClientException($"${Variable} is too long.");
        try
        {
            using var json = JsonDocument.Parse(question);
            JsonElement root = json.RootElement;
            string version = root.GetProperty("apiVersion").GetString() ?? "";
            if (version is not (V1 or V1Beta1) || root.GetProperty("kind").GetString() != "ExecCredential")
                throw new ClientException($"This client wants a credential in the form {BrokerClient.Safe(version)}: write \"apiVersion: {V1}\" into the kubeconfig (sallyport kubeconfig does).");
            bool interactive = root.TryGetProperty("spec", out JsonElement spec) && spec.ValueKind == JsonValueKind.Object
                && spec.TryGetProperty("interactive", out JsonElement word) && word.ValueKind == JsonValueKind.True;
            return new ExecCredential(version, interactive);
        }
        catch (Exception wrong) when (wrong is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ClientException($"${Variable} is no ExecCredential.", wrong);
        }
    }

    /// <summary>The answer, on one line.</summary>
    public string Answer(SavedToken token) => JsonSerializer.Serialize(new
    {
        apiVersion = ApiVersion,
        kind = "ExecCredential",
        spec = new { interactive = IsInteractive },
        status = new { expirationTimestamp = token.ExpiresAt.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture), token = token.Token },
    });
}
