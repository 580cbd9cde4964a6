using System.Text;
using Sallyport.Contract;

namespace Sallyport.Protocols.Http2.Kubernetes;

/// <summary>What a request was about, kept for the answer, which may have to wait for a person.</summary>
/// <param name="Verb">As Kubernetes calls it.</param>
/// <param name="Group">Empty: the core group.</param>
/// <param name="Resource">Empty: no resource.</param>
/// <param name="Subresource">Empty: none.</param>
/// <param name="Namespace">Empty: none, or all.</param>
/// <param name="Name">Empty: none.</param>
internal sealed record KubeTarget(string Verb, string Group, string Resource, string Subresource, string Namespace, string Name)
{
    /// <summary>That of a request.</summary>
    public static KubeTarget Of(in RequestInfo info)
    {
        if (!info.IsResource || info.Problem != RequestProblem.None)
            return new KubeTarget("", "", "", "", "", "");
        return new KubeTarget(Word(info.Verb), Text(info.Group), Text(info.Resource), Text(info.Subresource), Text(info.Namespace), Text(info.Name));
    }

    /// <summary>Such as <c>get pods/log in the namespace "shop"</c>.</summary>
    public string What
    {
        get
        {
            string group = Group.Length == 0 ? "" : $".{Group}";
            string subresource = Subresource.Length == 0 ? "" : $"/{Subresource}";
            return $"{Verb} {Resource}{group}{subresource}{(Namespace.Length == 0 ? " at the cluster scope" : $" in the namespace \"{Namespace}\"")}";
        }
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.UTF8.GetString(bytes);

    private static string Word(Verb verb) => verb switch
    {
        Contract.Verb.KubeGet => "get",
        Contract.Verb.KubeList => "list",
        Contract.Verb.KubeWatch => "watch",
        Contract.Verb.KubeCreate => "create",
        Contract.Verb.KubeUpdate => "update",
        Contract.Verb.KubePatch => "patch",
        Contract.Verb.KubeDelete => "delete",
        Contract.Verb.KubeDeleteCollection => "deletecollection",
        Contract.Verb.KubeConnect => "connect to",
        _ => "use",
    };
}
