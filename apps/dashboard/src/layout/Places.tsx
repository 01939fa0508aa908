import { Link } from '@tanstack/react-router';

/** The two places a signed-in person goes to. */
export function Places() {
  return (
    <nav aria-label="Main" className="places">
      <Link to="/" activeOptions={{ exact: true }}>
        Extensions
      </Link>
      <Link to="/tokens">Tokens</Link>
    </nav>
  );
}
