using System.Text;
using Sallyport.Contract;
using Sallyport.Protocols.Http2.Kubernetes;

namespace Sallyport.Protocols.Http2;

/// <summary>
/// What a client could ask for, as the action that a session would have judged: for explanations, nothing is connected to. Without a body, header fields or an upgrade: what rules
/// say of them is not met, and a call of gRPC or a message of MCP is the POST that carries it. One action at a time, whose spans are valid until the next. Not thread-safe.
/// </summary>
public sealed class HttpProbe
{
    // As long as the longest target that a listener takes by default.
    private const int Longest = 1 << 14;

    private readonly HttpActions _actions = new();
    private readonly byte[] _scratch = new byte[Longest * 2];

    /// <summary>Why a text is no request that could be judged; null: it is one.</summary>
    /// <param name="request"><c>METHOD TARGET</c>, the target as it goes over the wire: a path and a query.</param>
    /// <param name="kubernetes">The target is an API server.</param>
    public static string? Unfit(string request, bool kubernetes)
    {
        string[] words = request.Split(' ');
        if (words.Length != 2 || words[0].Length == 0 || words[1] is not ['/', ..] || !request.All(c => c is > ' ' and < '\u007F' or ' '))
            return "A request is METHOD /PATH?QUERY, such as \"GET /api/v1/namespaces/shop/pods\".";
        if (request.Length > Longest)
            return "The request is longer than a listener would take.";
        byte[] target = Encoding.ASCII.GetBytes(words[1]);
        RequestProblem problem = RequestInfo.Parse(Encoding.ASCII.GetBytes(words[0]), target, upgrades: false, new byte[target.Length * 2]).Problem;
        return kubernetes && problem != RequestProblem.None ? $"The request is refused whatever policy says: it could be read in more ways than one ({problem})." : null;
    }

    /// <summary>The action of a request.</summary>
    /// <param name="request">One that fits: <see cref="Unfit"/> is null.</param>
    /// <param name="kubernetes">The target is an API server.</param>
    /// <exception cref="FormatException">It does not fit.</exception>
    public ActionView Request(string request, bool kubernetes)
    {
        if (Unfit(request, kubernetes) is string reason)
            throw new FormatException(reason);
        string[] words = request.Split(' ');
        byte[] method = Encoding.ASCII.GetBytes(words[0]);
        byte[] target = Encoding.ASCII.GetBytes(words[1]);
        if (kubernetes)
            _actions.Kubernetes(method, RequestInfo.Parse(method, target, upgrades: false, _scratch));
        else
            _actions.Http(method, target);
        return _actions.View();
    }
}
