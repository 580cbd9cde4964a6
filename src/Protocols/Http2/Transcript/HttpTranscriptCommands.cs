namespace Sallyport.Protocols.Http2.Transcript;

/// <summary>
/// Which requests one call of a program made. kubectl names the call in fields of its own (<c>Kubectl-Command</c>, <c>Kubectl-Session</c>: KEP-859); of older ones the same program and
/// closeness in time must do. It is the client that says so: a help for reading, no proof.
/// </summary>
internal sealed class HttpTranscriptCommands(HttpTranscriptLimits limits)
{
    private readonly Dictionary<string, Known> _known = new(StringComparer.Ordinal);
    private int _count;

    private sealed class Known(HttpTranscriptCommand command)
    {
        public HttpTranscriptCommand Command { get; } = command;

        public DateTimeOffset Last { get; set; } = command.StartedAt;
    }

    /// <returns>Null: no program that is called for one thing at a time.</returns>
    public HttpTranscriptCommand? Of(HttpTranscriptExchange exchange)
    {
        string said = HttpTranscriptExchange.Field(exchange.RequestFields, "kubectl-command");
        string session = HttpTranscriptExchange.Field(exchange.RequestFields, "kubectl-session");
        string agent = exchange.UserAgent;
        if (session.Length == 0 && !agent.StartsWith("kubectl", StringComparison.Ordinal))
            return null;
        string key = session.Length > 0 ? $"s {session}" : $"a {said} {agent}";
        if (!_known.TryGetValue(key, out Known? known) || (session.Length == 0 && exchange.At - known.Last > limits.CommandGap))
        {
            Forget();
            string name = said.Length > 0 ? said : agent.Split(['/', ' '])[0];
            _known[key] = known = new Known(new HttpTranscriptCommand(++_count, name, session, exchange.At));
        }

        known.Last = exchange.At;
        known.Command.Requests++;
        return known.Command;
    }

    /// <summary>A request of it is over.</summary>
    public void Touch(HttpTranscriptExchange exchange, DateTimeOffset at)
    {
        if (exchange.Command is not { Session.Length: 0 } command)
            return;
        foreach (Known known in _known.Values)
        {
            if (ReferenceEquals(known.Command, command))
                known.Last = at;
        }
    }

    private void Forget()
    {
        if (_known.Count >= limits.Commands)
            _known.Remove(_known.MinBy(pair => pair.Value.Last).Key);
    }
}
