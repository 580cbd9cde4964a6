using System.Text;

namespace Sallyport.Protocols.Http2.Bodies;

/// <summary>
/// A JSON pointer (RFC 6901) of a patch. Whether a step such as <c>0</c> is a place in a list or a key of a map is known to whoever has the object: where its kind does not say,
/// the path has both readings.
/// </summary>
internal sealed class PatchPath
{
    /// <summary>Most steps that may be either: each doubles what there is to judge.</summary>
    private const int MostUncertain = 3;

    // Fields of Kubernetes' own objects that are lists wherever they stand.
    private static readonly HashSet<string> Lists = new(StringComparer.Ordinal)
    {
        "accessModes", "add", "addresses", "allowedTopologies", "apiGroups", "args", "clusterRoleSelectors", "command", "conditions", "containers", "drop", "egress", "endpoints", "env",
        "envFrom", "ephemeralContainers", "externalIPs", "finalizers", "hostAliases", "imagePullSecrets", "ingress", "initContainers", "ipBlocks", "loadBalancerSourceRanges", "managedFields",
        "matchExpressions", "matchFields", "metrics", "mountOptions", "nodeSelectorTerms", "nonResourceURLs", "ownerReferences", "policies", "policyTypes", "ports",
        "preferredDuringSchedulingIgnoredDuringExecution", "readinessGates", "requiredDuringSchedulingIgnoredDuringExecution", "resourceNames", "rules", "schedulingGates", "sources", "subjects",
        "subsets", "supplementalGroups", "sysctls", "taints", "tolerations", "topologySpreadConstraints", "verbs", "volumeClaimTemplates", "volumeDevices", "volumeMounts", "volumes", "webhooks",
    };

    private readonly List<(byte[] Key, bool IsKey, bool IsPlace)> _steps = [];
    private int _uncertain;

    /// <summary>How many readings it has.</summary>
    public int Readings => 1 << _uncertain;

    /// <param name="pointer">As it was sent, without JSON's escapes.</param>
    /// <param name="isOwn">The object is of a kind that Kubernetes defines.</param>
    /// <returns>Null: it is no pointer, or servers read it in different ways.</returns>
    public static PatchPath? Parse(string pointer, bool isOwn)
    {
        var path = new PatchPath();
        if (pointer.Length == 0)
            return path;
        return pointer[0] == '/' && path.TryRead(pointer[1..].Split('/'), isOwn) ? path : null;
    }

    /// <summary>Goes to where it points.</summary>
    /// <param name="reading">From 0 on.</param>
    public void Enter(FieldList fields, int reading)
    {
        foreach ((byte[] key, bool isKey, bool isPlace) in _steps)
        {
            bool asPlace = isPlace;
            if (isKey && isPlace)
            {
                asPlace = (reading & 1) == 0;
                reading >>= 1;
            }

            fields.Enter(key, asPlace);
        }
    }

    private bool TryRead(string[] steps, bool isOwn)
    {
        for (int i = 0; i < steps.Length; i++)
        {
            if (!TryUnescape(steps[i], out string key))
                return false;
            // An object is a map, and so are labels and annotations of every object.
            bool isKey = i == 0 || (i == 2 && steps[0] == "metadata" && steps[1] is "labels" or "annotations");
            bool isPlace = !isKey && IsPlace(key);
            // Servers that take "00", "+1" or "-1" for a place exist, and others do not.
            if (!isKey && !isPlace && IsLikePlace(key))
                return false;
            bool isUncertain = isPlace && !(isOwn && Lists.Contains(steps[i - 1]));
            _uncertain += isUncertain ? 1 : 0;
            _steps.Add((Encoding.UTF8.GetBytes(key), !isPlace || isUncertain, isPlace));
        }

        return _uncertain <= MostUncertain;
    }

    private static bool TryUnescape(string step, out string key)
    {
        key = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
        for (int tilde = step.IndexOf('~', StringComparison.Ordinal); tilde >= 0; tilde = step.IndexOf('~', tilde + 1))
        {
            if (tilde + 1 == step.Length || step[tilde + 1] is not ('0' or '1'))
                return false;
        }

        return true;
    }

    // RFC 6901 4.
    private static bool IsPlace(string step) => step is "-" or "0" || (step.Length > 0 && step[0] is >= '1' and <= '9' && step.All(char.IsAsciiDigit));

    private static bool IsLikePlace(string step) =>
        step.Length > 0 && step.AsSpan(step[0] is '+' or '-' ? 1 : 0) is { Length: > 0 } digits && !digits.ContainsAnyExceptInRange('0', '9');
}
