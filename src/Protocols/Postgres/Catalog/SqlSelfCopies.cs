using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Protocols.Postgres.Catalog;

/// <summary>
/// Whether an UPDATE of a table with masked columns may copy one of them into another column of the same row: <c>SET name = email</c>, and
/// RETURNING shows it. What is assigned may name columns that are shown, parameters, literals, and calls; any other name is taken for a
/// masked column or for a whole row, so that some innocent statements are refused too. Reads the text again, after the scanner understood it: tokens are all that is needed.
/// </summary>
internal ref struct SqlSelfCopies
{
    private readonly PgMaskIndex _index;
    private readonly ReadOnlySpan<byte> _relation;
    private readonly bool _isInsert;
    private SqlTokens _tokens;
    private int _depth;
    private int _setDepth;
    private bool _inTargets;
    private bool _afterExcluded;
    private SqlTokenKind _kindBefore;
    private Kw _before;

    private SqlSelfCopies(ReadOnlySpan<byte> statement, SqlSettings settings, ReadOnlySpan<byte> relation, PgMaskIndex index)
    {
        _tokens = new SqlTokens(statement, settings, new SqlScannerLimits());
        _relation = relation;
        _index = index;
        _setDepth = -1;
        _isInsert = _tokens.Keyword == Kw.INSERT;
    }

    /// <param name="statement">The text of one statement.</param>
    /// <param name="settings">How it is to be read.</param>
    /// <param name="relation">Name of the table that is updated.</param>
    /// <param name="index">The masks.</param>
    public static bool MayCopy(ReadOnlySpan<byte> statement, SqlSettings settings, ReadOnlySpan<byte> relation, PgMaskIndex index)
    {
        var copies = new SqlSelfCopies(statement, settings, relation, index);
        while (copies._tokens.Kind != SqlTokenKind.End)
        {
            if (copies.LooksLikeCopy())
                return true;
        }

        return copies._tokens.Failed;
    }

    /// <summary>Looks at one token and goes on behind it.</summary>
    private bool LooksLikeCopy()
    {
        SqlTokenKind kind = _tokens.Kind;
        Kw keyword = _tokens.Keyword;
        bool copies = _setDepth >= 0 && (kind == SqlTokenKind.Star ? _kindBefore == SqlTokenKind.Dot : IsName(_tokens.Current) && IsCopied());
        Follow(kind, keyword);
        (_before, _kindBefore) = (keyword, kind);
        _tokens.Advance();
        return copies;
    }

    private static bool IsName(in SqlToken token) =>
        token.Kind is SqlTokenKind.Quoted or SqlTokenKind.UnicodeQuoted || (token.Kind == SqlTokenKind.Word && token.Keyword is Kw.None or > Kw.LastTypeFunc);

    /// <summary>Where SET begins and ends: at WHERE, RETURNING or FROM (not DISTINCT FROM) of the same depth, or behind its parenthesis.</summary>
    private void Follow(SqlTokenKind kind, Kw keyword)
    {
        switch (kind)
        {
            case SqlTokenKind.OpenParen or SqlTokenKind.OpenBracket:
                if (_depth++ == _setDepth && StartsTarget)
                    _inTargets = true;
                break;
            case SqlTokenKind.CloseParen or SqlTokenKind.CloseBracket:
                if (--_depth < _setDepth)
                    _setDepth = -1;
                if (_depth == _setDepth)
                    _inTargets = false;
                break;
            default:
                if (keyword == Kw.SET)
                    _setDepth = _depth;
                else if (_depth == _setDepth && (keyword is Kw.WHERE or Kw.RETURNING || (keyword == Kw.FROM && _before != Kw.DISTINCT)))
                    _setDepth = -1;
                break;
        }
    }

    private readonly bool StartsTarget => _before == Kw.SET || _kindBefore == SqlTokenKind.Comma;

    private bool IsCopied()
    {
        SqlToken next = _tokens.Peek();
        bool qualified = _kindBefore == SqlTokenKind.Dot;
        bool excluded = qualified && _afterExcluded;
        _afterExcluded = !qualified && next.Kind == SqlTokenKind.Dot && IsExcluded();
        bool target = (_depth == _setDepth && StartsTarget) || (_inTargets && _depth == _setDepth + 1);
        bool type = _kindBefore == SqlTokenKind.TypeCast || _before == Kw.AS || next.Kind == SqlTokenKind.String;
        bool qualifies = next.Kind == SqlTokenKind.Dot && !target;
        if (target || type || excluded || qualifies || (next.Kind == SqlTokenKind.OpenParen && !qualified))
            return false;
        Span<byte> name = stackalloc byte[SqlNames.Room];
        return !SqlNames.TryNormalise(_tokens.Text, _tokens.Current, name, out int length) || !_index.IsPlainColumn(_relation, name[..length]);
    }

    /// <summary>excluded is the row that INSERT … ON CONFLICT brought: the client's own. Elsewhere it can be an alias.</summary>
    private readonly bool IsExcluded() =>
        _isInsert && _tokens.Keyword == Kw.None && System.Text.Ascii.EqualsIgnoreCase(_tokens.Text[_tokens.Current.Start.._tokens.Current.End], "excluded"u8);
}
